"""Creates `loopctl_pipelines.circuit_breakers`: a circuit per tenant and vendor.

`embedding_breakers` stays, unused by this version, because processes that started before the
upgrade still write to it: without it their runs would fail, and lose answers that are paid for. A
later revision can drop it.
"""

from alembic import op

from loopctl_pipelines.database.migrations.driver import driver_connection, migration_sql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create the table with its policies, and copy the circuits; safe to run twice."""
    driver_connection(op.get_bind()).execute(migration_sql("own/circuit_breakers"))
