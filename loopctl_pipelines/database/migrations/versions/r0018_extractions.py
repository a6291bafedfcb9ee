"""Creates `loopctl_pipelines.extractions` and `extracted_reviews`: what texts have yielded."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Create the tables with their policies; safe to run twice."""
    driver_connection(op.get_bind()).execute(migration_sql("own/extractions"))
