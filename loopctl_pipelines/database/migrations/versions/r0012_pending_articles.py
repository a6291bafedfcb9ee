"""Replaces `loopctl_pipelines.pending_articles` where an older version has made it."""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection
from loopctl_pipelines.database.migrations.knowledge_base import create_with_articles

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Replace the view; in the older one articles outwait the pause of a key that is no more."""
    create_with_articles(driver_connection(op.get_bind()), "pending_articles")
