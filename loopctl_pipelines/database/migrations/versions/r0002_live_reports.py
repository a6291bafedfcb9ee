"""Creates the view `loopctl_pipelines.live_reports`."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the view; `database.upgrade` grants it to the role, which may change later."""
    driver_connection(op.get_bind()).execute(migration_sql("own/live_reports"))
