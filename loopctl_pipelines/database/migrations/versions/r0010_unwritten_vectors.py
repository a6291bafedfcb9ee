"""Creates `loopctl_pipelines.unwritten_vectors`."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection
from loopctl_pipelines.database.migrations.knowledge_base import create_with_articles

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the table with its policies; `database.upgrade` grants it to the role."""
    create_with_articles(driver_connection(op.get_bind()), "unwritten_vectors")
