"""Creates `loopctl_pipelines.cost_baselines` and `project_baselines`, for the calibrated rule."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Create the tables with their policies; safe to run twice."""
    driver_connection(op.get_bind()).execute(migration_sql("own/cost_baselines"))
