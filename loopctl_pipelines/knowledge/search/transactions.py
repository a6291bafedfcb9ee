"""One tenant's transactions, which wait for the end of an outage."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.retries import OutagePatience, in_tenant_transaction

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class TenantTransactions:
    """One tenant's access to the database.

    Attributes:
        database: loopctl's database.
        tenant_id: the only tenant whose rows are seen and written.
        patience: how long the run waits for the database.
    """

    database: Database
    tenant_id: UUID
    patience: OutagePatience

    def run(self, work: Callable[[TenantConnection], Done]) -> Done:
        """Call `work` in a transaction; it must be idempotent.

        Raises:
            psycopg.Error: if it fails, or the outage lasts.
            DatabaseUnreachableError: if the outage lasts.
        """
        return self.patience.outlast(
            lambda: in_tenant_transaction(self.database, self.tenant_id, work)
        )
