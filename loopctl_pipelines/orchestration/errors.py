"""The errors of starting Dagster's processes."""

from loopctl_pipelines.errors import PipelinesError


class UiAlreadyOpenError(PipelinesError):
    """The Dagster UI is already running on this LOOPCTL_HOME."""

    def __init__(self, address: str) -> None:
        super().__init__(f"The Dagster UI is open already: {address}")
