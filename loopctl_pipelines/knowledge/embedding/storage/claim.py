"""A tenant's articles belong to one run at a time, or the same text would be paid for twice."""

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
"""How long a claim lasts that is not renewed: a killed run holds its tenants up no longer."""

_POLL_SECONDS = 0.25


class Claim:
    """The claim on one tenant's articles; no connection is held between its calls.

    While it is held, a thread renews it: work may wait for its turn at the provider and at the
    database for longer than any lease, with a vector in hand that is paid for.
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
        """Hold the claim; waits while another run has it, which ends with its work or its lease.

        Yields False where `stopped` became true before the claim was to be had.
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
        """Renew the lease if a third of it is over.

        Raises:
            ClaimLostError: if it lapsed and another run has the tenant now.
        """
        with self._renewing:
            if time.monotonic() - self._renewed_at < self._lease.total_seconds() / 3:
                return
            if not self._claim():
                raise ClaimLostError(self._tenant.slug)

    def _renew_until(self, released: threading.Event) -> None:
        while not released.wait(self._lease.total_seconds() / 3):
            # what goes wrong here goes wrong again where the work looks
            with suppress(psycopg.Error, DatabaseUnreachableError, ClaimLostError):
                self.keep()

    def _claim(self) -> bool:
        # before the statement: the lease begins in it, so that it never ends earlier than thought
        now = time.monotonic()
        claimed = in_tenant_transaction(
            self._database,
            self._tenant.id,
            lambda c: claim_tenant(c, self._tenant.id, self._holder, self._lease),
        )
        if claimed:
            self._renewed_at = now
        return claimed
