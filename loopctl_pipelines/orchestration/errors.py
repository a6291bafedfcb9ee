"""What keeps Dagster's processes from starting."""

from loopctl_pipelines.errors import PipelinesError


class UiAlreadyOpenError(PipelinesError):
    """The Dagster UI runs on this LOOPCTL_HOME already."""

    def __init__(self, address: str) -> None:
        super().__init__(f"The Dagster UI is open already: {address}")
