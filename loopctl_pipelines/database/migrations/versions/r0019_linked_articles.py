"""Creates what linking needs: `comparable_articles`, `linked_articles` and `linking_tenants`."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql
from loopctl_pipelines.database.migrations.knowledge_base import create_with_articles

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Create view and tables; `database.upgrade` grants them to the role."""
    connection = driver_connection(op.get_bind())
    create_with_articles(connection, "comparable_articles")
    connection.execute(migration_sql("own/linked_articles"))
