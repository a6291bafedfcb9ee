"""The errors of Dagster's processes and runs."""

from collections.abc import Sequence

from loopctl_pipelines.errors import PipelinesError


class UiAlreadyOpenError(PipelinesError):
    """The Dagster UI is already running on this LOOPCTL_HOME."""

    def __init__(self, address: str, processes: Sequence[int]) -> None:
        ids = " ".join(map(str, processes))
        super().__init__(
            f"The Dagster UI is open already: {address}\n"
            + f"If nothing answers there, end what a killed command has left: `kill {ids}`."
            * bool(ids)
        )


class RunEndedElsewhereError(PipelinesError):
    """A run of this process was ended by another process, or by a person in the UI."""

    def __init__(self) -> None:
        super().__init__(
            "The run was marked as ended while it was working: by a person, or because its process "
            "was paused for more than a minute. What it had committed stays; run the command again."
        )


class UiAddressError(PipelinesError):
    """The UI cannot listen on its address."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"The Dagster UI cannot listen on {host}, port {port}: {reason}. "
            "Choose others with --host and --port."
        )


class UiEndedError(PipelinesError):
    """A process of the UI ended by itself; the others were ended as well."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Dagster's {name} ended by itself, so the UI is closed. What it printed is above. "
            "Run the command again."
        )


class UnfinishedRunsError(PipelinesError):
    """Partitions cannot be renamed or removed while runs are over them."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"{count} run{'s are' if count > 1 else ' is'} requested or in progress, and may be "
            "over these partitions. Run the command again when they have ended; the Dagster UI "
            "lists them under Runs."
        )


class StorageNotOursError(PipelinesError):
    """Dagster's storage is not the one of this project."""

    def __init__(self) -> None:
        super().__init__(
            "Dagster's storage is not loopctl_pipelines.dagster_storage.PooledPostgresStorage. "
            "Name that class in dagster.yaml."
        )
