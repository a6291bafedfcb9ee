"""Creates `loopctl_pipelines.unaudited_retention`."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table with its policy; `database.upgrade` grants it to the role."""
    driver_connection(op.get_bind()).execute(migration_sql("own/unaudited_retention"))
