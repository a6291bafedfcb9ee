"""A claim on a tenant: two runs of an operation at once would pay for the same text twice."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

import psycopg

from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.database.retries import in_tenant_transaction
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.tenants.tenant import Tenant

LEASE: Final = timedelta(seconds=30)
"""How long a claim lasts without renewal: a killed run blocks its tenants no longer than this."""

_POLL_SECONDS = 0.25


class ClaimLostError(PipelinesError):
    """The run was suspended for longer than its lease, and another run has the tenant now."""

    def __init__(self, slug: str, operation: Operation) -> None:
        super().__init__(
            f"The {operation.value} of tenant {slug!r}: this run was suspended for too long; "
            "another run has taken over."
        )


class Claim:
    """The claim on one tenant, for one operation. It holds no connection between its statements.

    A thread renews it while it is held, because a request may wait for the provider and for a
    connection slot longer than any lease, with a result in hand that is paid for.
    """

    def __init__(
        self,
        database: Database,
        tenant: Tenant,
        operation: Operation,
        lease: timedelta = LEASE,
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._operation = operation
        self._lease = lease
        self._holder = uuid4()
        self._renewing = threading.Lock()
        self._renewed_at = 0.0

    @contextmanager
    def held(self, stopped: Callable[[], bool]) -> Iterator[bool]:
        """Hold the claim during the block; wait while another run has it.

        Yields False if `stopped` became true first.
        """
        while not self._claim():
            if stopped():
                yield False
                return
            time.sleep(_POLL_SECONDS)
        released = threading.Event()
        renewing = threading.Thread(target=self._renew_until, args=(released,), daemon=True)
        renewing.start()
        try:
            yield True
        finally:
            released.set()
            renewing.join()
            in_tenant_transaction(
                self._database,
                self._tenant.id,
                lambda c: release_tenant(c, self._tenant.id, self._operation, self._holder),
            )

    def keep(self) -> None:
        """Renew the lease if a third has passed.

        Raises:
            ClaimLostError: if it lapsed and another run has the tenant now.
            psycopg.Error: if the statement fails.
            DatabaseUnreachableError: if no connection is available.
        """
        with self._renewing:
            if time.monotonic() - self._renewed_at < self._lease.total_seconds() / 3:
                return
            if not self._claim():
                raise ClaimLostError(self._tenant.slug, self._operation)

    def _renew_until(self, released: threading.Event) -> None:
        while not released.wait(self._lease.total_seconds() / 3):
            # the requests call `keep` themselves, and meet the same error
            with suppress(psycopg.Error, DatabaseUnreachableError, ClaimLostError):
                self.keep()

    def _claim(self) -> bool:
        # taken before the statement, so the lease never ends earlier than this clock says
        now = time.monotonic()
        claimed = in_tenant_transaction(
            self._database,
            self._tenant.id,
            lambda c: claim_tenant(c, self._tenant.id, self._operation, self._holder, self._lease),
        )
        if claimed:
            self._renewed_at = now
        return claimed


def claim_tenant(
    connection: TenantConnection,
    tenant_id: UUID,
    operation: Operation,
    holder: UUID,
    lease: timedelta,
) -> bool:
    """Claim the tenant for a run, or renew its lease; False: another run has it.

    Raises:
        psycopg.Error: if a statement fails.
    """
    tenant = {"tenant_id": tenant_id, "operation": operation.value}
    connection.execute(statement(__package__, "add_tenant"), tenant)
    claim = {**tenant, "holder": holder, "lease": lease}
    return connection.execute(statement(__package__, "claim_tenant"), claim).fetchone() is not None


def release_tenant(
    connection: TenantConnection, tenant_id: UUID, operation: Operation, holder: UUID
) -> None:
    """Release the tenant for other runs.

    Raises:
        psycopg.Error: if the statement fails.
    """
    claim = {"tenant_id": tenant_id, "operation": operation.value, "holder": holder}
    connection.execute(statement(__package__, "release_tenant"), claim)
