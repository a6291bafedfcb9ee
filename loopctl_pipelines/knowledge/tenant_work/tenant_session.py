"""Runs statements for one tenant, each in a short transaction of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar
from uuid import UUID

from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.retries import in_tenant_transaction, outlast_outage
from loopctl_pipelines.knowledge.tenant_work.connection_slots import TenantSlots
from loopctl_pipelines.tenants.tenant import Tenant

_Params = ParamSpec("_Params")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class TenantSession:
    """One tenant's access to the database. Immutable, so threads may share it.

    Attributes:
        database: loopctl's database.
        tenant: the only tenant whose rows are seen and written.
        slots: bounds the transactions of this tenant and of all tenants together. The circuit
            breaker does not take a slot, so it never waits for a connection behind them.
        outage_seconds: how long each transaction is retried while the database is away.
        lock_seconds: how long a statement waits for another session's lock before it fails; None:
            as the server is configured.
    """

    database: Database
    tenant: Tenant
    slots: TenantSlots
    outage_seconds: float = 0
    lock_seconds: float | None = None

    def run(
        self,
        query: Callable[Concatenate[TenantConnection, UUID, _Params], _Result],
        *args: _Params.args,
        **kwargs: _Params.kwargs,
    ) -> _Result:
        """Call `query(connection, tenant_id, ...)` in a transaction of the tenant.

        The transaction may have been committed before although it failed, if the acknowledgement
        was lost; so `query` must be idempotent.

        Raises:
            psycopg.Error: if it fails, or the outage lasts.
            DatabaseUnreachableError: if the outage lasts.
        """

        def work(connection: TenantConnection) -> _Result:
            return query(connection, self.tenant.id, *args, **kwargs)

        def attempt() -> _Result:
            with self.slots.held():
                return in_tenant_transaction(
                    self.database, self.tenant.id, work, lock_seconds=self.lock_seconds
                )

        return outlast_outage(attempt, self.outage_seconds)
