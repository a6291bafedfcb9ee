"""Creates what linking needs: `comparable_articles`, `linked_articles` and `linking_tenants`."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Create view and tables; `database.upgrade` grants them to the role."""
    for name in ("own/comparable_articles", "own/linked_articles"):
        driver_connection(op.get_bind()).execute(migration_sql(name))
