"""Replaces `loopctl_pipelines.live_reports` where an older version of this project has made it."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Replace the view; the older one may read all reports ever made for a day's corrections."""
    driver_connection(op.get_bind()).execute(migration_sql("own/live_reports"))
