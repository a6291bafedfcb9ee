"""Creates `loopctl_pipelines.embedding_endpoints`, and keeps each tenant's last endpoint."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Create the table with its policies, add the column, forget refusals with 404; repeatable."""
    driver_connection(op.get_bind()).execute(migration_sql("own/embedding_endpoints"))
