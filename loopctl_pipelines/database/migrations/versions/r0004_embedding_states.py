"""Creates what is known of articles and tenants in the embedding pipeline."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create tables, view and policies; `database.upgrade` grants them to the role."""
    for name in ("own/embedding_states", "own/pending_articles"):
        driver_connection(op.get_bind()).execute(migration_sql(name))
