"""Adds `consecutive_pauses` to `loopctl_pipelines.embedding_tenants`."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column."""
    driver_connection(op.get_bind()).execute(migration_sql("own/consecutive_pauses"))
