"""Creates those of loopctl's tables that earlier versions did not need, where they are absent."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection
from loopctl_pipelines.database.migrations.loopctl_tables import create_missing_tables

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create the absent tables; existing ones stay as they are."""
    create_missing_tables(driver_connection(op.get_bind()))
