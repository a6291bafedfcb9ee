"""The circuit breaker of each tenant, shared by all processes through PostgreSQL.

The rules are in `circuit`; here a row lock makes each change of a circuit atomic. Every method is
one short transaction of its own, so nothing is held while the provider is called, and is tried
again where the session breaks or others get in its way: no failure goes uncounted for that. A
healthy call costs one read of one row: its success, like any neutral outcome, touches no database.

Time is the database's, one clock for all processes, unless `now` is given (an aware datetime).
Every method raises DatabaseUnreachableError if no connection is to be had.
"""

from datetime import datetime
from uuid import UUID, uuid4

from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.retries import in_tenant_transaction
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.llm.circuit import (
    BreakerPolicy,
    Circuit,
    CircuitState,
    CircuitStatus,
    Permit,
    Refused,
    Verdict,
)

_EMPTY = Circuit()


class Breaker:
    """Admits or refuses calls to the embedding provider, tenant by tenant. Threads may share it."""

    def __init__(self, database: Database, policy: BreakerPolicy) -> None:
        self._database = database
        self._policy = policy

    def admit(self, tenant_id: UUID, *, now: datetime | None = None) -> Permit | Refused:
        """Ask leave for one call; a permit is to be handed back to `record`.

        Of all processes that ask a half-open circuit, one gets the permit. If it dies, its place
        is free again after the lease.
        """

        def admit(connection: TenantConnection) -> Permit | Refused:
            circuit, time = _read(connection, "breaker_read", tenant_id, now)
            status = circuit.status(self._policy, time)
            if status.state is CircuitState.CLOSED:
                return Permit(tenant_id)
            return circuit.refusal(self._policy, time) or self._probe(connection, tenant_id, now)

        return in_tenant_transaction(self._database, tenant_id, admit)

    def record(self, permit: Permit, verdict: Verdict, *, now: datetime | None = None) -> None:
        """Take note of how the permitted call ended."""
        if permit.probe_id is None and verdict is not Verdict.COUNTED:
            return

        def record(connection: TenantConnection) -> None:
            circuit, time = _read(connection, "breaker_lock", permit.tenant_id, now)
            after = circuit.after(permit, verdict, self._policy, time)
            _store(connection, permit.tenant_id, after)

        in_tenant_transaction(self._database, permit.tenant_id, record)

    def state(self, tenant_id: UUID, *, now: datetime | None = None) -> CircuitStatus:
        """Tell the state of a tenant's circuit."""

        def state(connection: TenantConnection) -> CircuitStatus:
            circuit, time = _read(connection, "breaker_read", tenant_id, now)
            return circuit.status(self._policy, time)

        return in_tenant_transaction(self._database, tenant_id, state)

    def open_tenants(self, *, now: datetime | None = None) -> set[UUID]:
        """Return the tenants whose circuit is open, the ones to be left for later.

        A half-open one is not among them, or nobody would come to probe it. Removes on the way
        the rows of closed circuits without a failure in the window, and of deleted tenants.
        """
        with self._database.operator_transaction() as connection:
            sweep = {"now": now, "window": self._policy.window}
            connection.execute(statement(__package__, "breaker_sweep"), sweep)
            rows = connection.execute(statement(__package__, "breaker_open"), {"now": now})
            return {tenant_id for (tenant_id,) in rows}

    def reset(self, tenant_id: UUID) -> None:
        """Close a tenant's circuit and forget its failures; those of calls under way still come."""
        in_tenant_transaction(
            self._database, tenant_id, lambda connection: _store(connection, tenant_id, _EMPTY)
        )

    def _probe(
        self, connection: TenantConnection, tenant_id: UUID, now: datetime | None
    ) -> Permit | Refused:
        """Decide again under the row lock: since the read, others may have probed."""
        circuit, time = _read(connection, "breaker_lock", tenant_id, now)
        refusal = circuit.refusal(self._policy, time)
        permit = Permit(tenant_id)
        if refusal is None and circuit.status(self._policy, time).state is CircuitState.HALF_OPEN:
            permit = Permit(tenant_id, probe_id := uuid4())
            circuit = circuit.probed_by(probe_id, self._policy, time)
        _store(connection, tenant_id, circuit)
        return refusal or permit


def _read(
    connection: TenantConnection, name: str, tenant_id: UUID, now: datetime | None
) -> tuple[Circuit, datetime]:
    """Return a tenant's circuit, empty if it has no row, and the time it was read at (UTC)."""
    parameters = {"tenant_id": tenant_id, "now": now}
    [row] = connection.execute(statement(__package__, name), parameters).fetchall()
    time, failures, *rest = row
    return Circuit(tuple(failures or ()), *rest), time


def _store(connection: TenantConnection, tenant_id: UUID, circuit: Circuit) -> None:
    """Write a circuit whose row is locked; an empty one leaves no row."""
    if circuit == _EMPTY:
        connection.execute(statement(__package__, "breaker_delete"), {"tenant_id": tenant_id})
        return
    connection.execute(
        statement(__package__, "breaker_write"),
        {
            "tenant_id": tenant_id,
            "failures": list(circuit.failures),
            "opened_at": circuit.opened_at,
            "open_until": circuit.open_until,
            "probe_id": circuit.probe_id,
            "probe_until": circuit.probe_until,
        },
    )
