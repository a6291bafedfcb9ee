"""The errors of exporting. Pure."""

from loopctl_pipelines.errors import PipelinesError


class ExportError(PipelinesError):
    """Summaries cannot be written as asked."""


class MissingExtraError(ExportError):
    """A package that only some formats need is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "Parquet needs a package that is not installed. Install it with "
            "pip install 'loopctl-pipelines[parquet]', or in a checkout with "
            ".venv/bin/uv pip install --python .venv/bin/python '.[parquet]'."
        )


class UnwritableFileError(ExportError):
    """The file of an export cannot be created or written."""

    def __init__(self, name: str, cause: OSError) -> None:
        super().__init__(
            f"{name!r} cannot be written ({cause.strerror or type(cause).__name__}). "
            "Nothing was left there; name another file with --output."
        )
