"""Creates those of loopctl's tables that are absent."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection
from loopctl_pipelines.database.migrations.loopctl_tables import create_missing_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the absent tables; a database with the real schema is left as it is."""
    create_missing_tables(driver_connection(op.get_bind()))
