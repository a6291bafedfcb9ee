"""Replaces `loopctl_pipelines.pending_articles` where an older version has made it."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Replace the view; in the older one articles outwait the pause of a key that is no more."""
    driver_connection(op.get_bind()).execute(migration_sql("own/pending_articles"))
