"""Creates `loopctl_pipelines.tenant_operations` and `finished_tenants`, for any operation.

`embedding_tenants` and `finished_embeddings` stay, unused by this version, because processes that
started before the upgrade still write to them. A later revision can drop them.
"""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Create the tables with their policies, and copy the rows; safe to run twice."""
    driver_connection(op.get_bind()).execute(migration_sql("own/tenant_operations"))
