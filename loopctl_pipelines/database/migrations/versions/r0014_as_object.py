"""Replaces `loopctl_pipelines.as_object` where an older version made it."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Replace the function: a sharded PostgreSQL refuses the older body once it is inlined."""
    driver_connection(op.get_bind()).execute(migration_sql("own/as_object"))
