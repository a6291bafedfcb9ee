"""Creates `loopctl_pipelines.archived_days`."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table with its policies; `database.upgrade` grants it to the role."""
    driver_connection(op.get_bind()).execute(migration_sql("own/archived_days"))
