"""The errors of Dagster's processes and runs."""

from loopctl_pipelines.errors import PipelinesError


class UiAlreadyOpenError(PipelinesError):
    """The Dagster UI is already running on this LOOPCTL_HOME."""

    def __init__(self, address: str) -> None:
        super().__init__(f"The Dagster UI is open already: {address}")


class RunEndedElsewhereError(PipelinesError):
    """A run of this process was ended by another process, or by a person in the UI."""

    def __init__(self) -> None:
        super().__init__(
            "The run was marked as ended while it was working: by a person, or because its process "
            "was paused for more than a minute. What it had committed stays; run the command again."
        )
