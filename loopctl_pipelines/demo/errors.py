"""Why the demo refuses a database."""

from loopctl_pipelines.errors import PipelinesError


class DemoRefusedError(PipelinesError):
    """The database holds tenants that are not the sample's, so it is no place for a demo."""

    def __init__(self, tenants: int) -> None:
        super().__init__(
            f"The database holds tenants that are not the sample's ({tenants}): nothing was "
            "written. Unset LOOPCTL_DATABASE_URL to use the embedded PostgreSQL, set LOOPCTL_HOME "
            "to a new folder if that is the one in use, or name an empty database."
        )
        self.tenants = tenants
