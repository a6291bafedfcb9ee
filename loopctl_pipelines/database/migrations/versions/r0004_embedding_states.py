"""Creates what is known of articles and tenants in the embedding pipeline."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql
from loopctl_pipelines.database.migrations.knowledge_base import create_with_articles

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create tables, view and policies; `database.upgrade` grants them to the role."""
    connection = driver_connection(op.get_bind())
    connection.execute(migration_sql("own/embedding_states"))
    create_with_articles(connection, "pending_articles")
