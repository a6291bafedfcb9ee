"""Creates the tables of alerts: which runs are alerted, which anomalies, and how far."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Create the tables with their policies; safe to run twice."""
    driver_connection(op.get_bind()).execute(migration_sql("own/alerts"))
