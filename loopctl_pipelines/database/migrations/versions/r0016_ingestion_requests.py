"""Creates `loopctl_pipelines.ingestion_requests`: documents that wait for extraction."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Create the table with its policies."""
    driver_connection(op.get_bind()).execute(migration_sql("own/ingestion_requests"))
