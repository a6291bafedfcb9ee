"""Creates `loopctl_pipelines.late_reports` and `loopctl_pipelines.as_object`."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create view and function; `database.upgrade` grants the view to the role."""
    for name in ("own/late_reports", "own/as_object"):
        driver_connection(op.get_bind()).execute(migration_sql(name))
