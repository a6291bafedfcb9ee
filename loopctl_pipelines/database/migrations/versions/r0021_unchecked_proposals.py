"""Creates `loopctl_pipelines.unchecked_proposals`: articles that the gate compares again."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Create the table with its policies; safe to run twice."""
    driver_connection(op.get_bind()).execute(migration_sql("own/unchecked_proposals"))
