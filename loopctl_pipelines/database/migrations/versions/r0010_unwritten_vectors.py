"""Creates `loopctl_pipelines.unwritten_vectors`."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the table with its policies; `database.upgrade` grants it to the role."""
    driver_connection(op.get_bind()).execute(migration_sql("own/unwritten_vectors"))
