"""The embedding model that articles and queries are compared by, in a process of its own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MODEL: Final = "all-MiniLM-L6-v2"
KEY: Final = "sk-quality"
_REPOSITORY: Final = Path(__file__).parents[1]
_PYTHON: Final = _REPOSITORY / ".venv-quality" / "bin" / "python"


class ModelMissingError(Exception):
    """The model cannot be served."""


@contextmanager
def model_server() -> Iterator[str]:
    """Give the base URL of an OpenAI-compatible API that embeds by the model.

    Raises:
        ModelMissingError: if it does not start.
    """
    if not _PYTHON.exists():
        raise ModelMissingError("The model is not installed. Run: make quality")
    command = [str(_PYTHON), "-m", "retrieval_quality.model_server"]
    process = subprocess.Popen(
        command, cwd=_REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        base_url = process.stdout.readline().strip() if process.stdout else ""
        if not base_url:
            raise ModelMissingError("The model's server ended; its error is above.")
        yield base_url
        # leaving the block closes its standard input, and waits for its end
