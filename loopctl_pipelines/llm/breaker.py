"""The circuit breaker of one vendor: a circuit per tenant, shared by all processes.

`circuit` has the rules; here a row lock in PostgreSQL makes each change atomic. Every method is one
short transaction, so nothing is held during the call to the vendor. A transaction is retried if its
session breaks or others conflict with it, so no failure goes uncounted. A healthy call costs one
read of one row: recording a success or a neutral outcome does not touch the database.

The database's clock counts, one for all processes, unless `now` is given (an aware datetime).
Every method raises DatabaseUnreachableError if no connection is available.
"""

from datetime import datetime
from uuid import UUID, uuid4

from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.retries import in_tenant_transaction
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.llm.circuit import (
    DEFAULT_POLICY,
    BreakerPolicy,
    Circuit,
    CircuitState,
    CircuitStatus,
    Permit,
    Rejected,
    Verdict,
)
from loopctl_pipelines.llm.operator_queries import tenants_with_open_circuit

_EMPTY = Circuit()


class Breaker:
    """Admits or rejects calls to one vendor, tenant by tenant. Threads may share it.

    An outage at one vendor never opens another's circuit: each vendor has its own rows.
    """

    def __init__(
        self, database: Database, vendor: str, policy: BreakerPolicy = DEFAULT_POLICY
    ) -> None:
        """Take the database that holds the circuits, and the vendor's name."""
        self._database = database
        self._vendor = vendor
        self._policy = policy

    def admit(self, tenant_id: UUID, *, now: datetime | None = None) -> Permit | Rejected:
        """Ask to make one call; hand the permit back to `record`.

        Of all processes that ask a half-open circuit, one gets the permit. If that process dies,
        the next one may probe after the lease.
        """
        return in_tenant_transaction(
            self._database,
            tenant_id,
            lambda connection: self.admit_within(connection, tenant_id, now=now),
        )

    def admit_within(
        self, connection: TenantConnection, tenant_id: UUID, *, now: datetime | None = None
    ) -> Permit | Rejected:
        """Do the same in a transaction of the tenant, which must end before the call."""
        circuit, time = self._read(connection, tenant_id, now)
        if circuit.status(self._policy, time).state is CircuitState.CLOSED:
            return Permit(tenant_id)
        if not circuit.admits(self._policy, time):
            return Rejected()
        return self._probe(connection, tenant_id, time)

    def record(self, permit: Permit, verdict: Verdict, *, now: datetime | None = None) -> None:
        """Record how the permitted call ended."""
        if permit.probe_id is None and verdict is not Verdict.COUNTED:
            return

        def record(connection: TenantConnection) -> None:
            [(time,)] = connection.execute(statement(__package__, "current_time"), {"now": now})
            circuit = self._lock(connection, permit.tenant_id, time)
            after = circuit.after(permit, verdict, self._policy, time)
            self._write(connection, permit.tenant_id, after)

        in_tenant_transaction(self._database, permit.tenant_id, record)

    def state(self, tenant_id: UUID, *, now: datetime | None = None) -> CircuitStatus:
        """Return the status of a tenant's circuit."""

        def state(connection: TenantConnection) -> CircuitStatus:
            circuit, time = self._read(connection, tenant_id, now)
            return circuit.status(self._policy, time)

        return in_tenant_transaction(self._database, tenant_id, state)

    def open_tenants(self, *, now: datetime | None = None) -> set[UUID]:
        """Return the tenants whose circuit is open: no call would get through now.

        A half-open circuit is not among them: a call must come to probe it. Deletes rows that no
        longer matter, see `operator_queries`.
        """
        return tenants_with_open_circuit(self._database, self._vendor, self._policy.window, now)

    def reset(self, tenant_id: UUID) -> None:
        """Close a tenant's circuit and forget its failures; calls in flight may add new ones."""
        in_tenant_transaction(
            self._database,
            tenant_id,
            lambda connection: self._write(connection, tenant_id, _EMPTY),
        )

    def _probe(
        self, connection: TenantConnection, tenant_id: UUID, time: datetime
    ) -> Permit | Rejected:
        """Decide again under the row lock: another process may have probed since the read."""
        circuit = self._lock(connection, tenant_id, time)
        admitted = circuit.admits(self._policy, time)
        permit = Permit(tenant_id)
        if admitted and circuit.status(self._policy, time).state is CircuitState.HALF_OPEN:
            permit = Permit(tenant_id, probe_id := uuid4())
            circuit = circuit.probed_by(probe_id, self._policy, time)
        self._write(connection, tenant_id, circuit)
        return permit if admitted else Rejected()

    def _read(
        self, connection: TenantConnection, tenant_id: UUID, now: datetime | None
    ) -> tuple[Circuit, datetime]:
        """Return a tenant's circuit, empty if it has no row, and the time of the read (UTC)."""
        parameters = {"tenant_id": tenant_id, "vendor": self._vendor, "now": now}
        [row] = connection.execute(statement(__package__, "read_circuit"), parameters)
        time, failures, *rest = row
        return Circuit(tuple(failures or ()), *rest), time

    def _lock(self, connection: TenantConnection, tenant_id: UUID, time: datetime) -> Circuit:
        """Return a tenant's circuit with its row locked until the transaction ends."""
        parameters = {"tenant_id": tenant_id, "vendor": self._vendor, "now": time}
        [row] = connection.execute(statement(__package__, "lock_circuit"), parameters)
        failures, *rest = row
        return Circuit(tuple(failures), *rest)

    def _write(self, connection: TenantConnection, tenant_id: UUID, circuit: Circuit) -> None:
        """Write a circuit whose row is locked; an empty one leaves no row."""
        key = {"tenant_id": tenant_id, "vendor": self._vendor}
        if circuit == _EMPTY:
            connection.execute(statement(__package__, "delete_circuit"), key)
            return
        connection.execute(
            statement(__package__, "write_circuit"),
            {
                **key,
                "failures": list(circuit.failures),
                "opened_at": circuit.opened_at,
                "open_until": circuit.open_until,
                "probe_id": circuit.probe_id,
                "probe_until": circuit.probe_until,
            },
        )
