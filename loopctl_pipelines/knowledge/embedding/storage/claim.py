"""A claim on a tenant's articles: two runs at once would pay for the same text twice."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Final
from uuid import uuid4

import psycopg

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.database.retries import in_tenant_transaction
from loopctl_pipelines.knowledge.embedding.errors import ClaimLostError
from loopctl_pipelines.knowledge.embedding.storage.queries import claim_tenant, release_tenant
from loopctl_pipelines.tenants.tenant import Tenant

LEASE: Final = timedelta(seconds=30)
"""How long a claim lasts without renewal: a killed run blocks its tenants no longer than this."""

_POLL_SECONDS = 0.25


class Claim:
    """The claim on one tenant's articles. It holds no connection between its statements.

    A thread renews it while it is held, because a batch may wait for the provider and for a
    connection slot longer than any lease, with a vector in hand that is paid for.
    """

    def __init__(self, database: Database, tenant: Tenant, lease: timedelta = LEASE) -> None:
        self._database = database
        self._tenant = tenant
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
                lambda c: release_tenant(c, self._tenant.id, self._holder),
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
                raise ClaimLostError(self._tenant.slug)

    def _renew_until(self, released: threading.Event) -> None:
        while not released.wait(self._lease.total_seconds() / 3):
            # the batches call `keep` themselves, and meet the same error
            with suppress(psycopg.Error, DatabaseUnreachableError, ClaimLostError):
                self.keep()

    def _claim(self) -> bool:
        # taken before the statement, so the lease never ends earlier than this clock says
        now = time.monotonic()
        claimed = in_tenant_transaction(
            self._database,
            self._tenant.id,
            lambda c: claim_tenant(c, self._tenant.id, self._holder, self._lease),
        )
        if claimed:
            self._renewed_at = now
        return claimed
