"""The path of every request to a vendor: permit, call, verdict. Knows no vendor and no domain."""

from collections.abc import Callable
from functools import partial
from threading import BoundedSemaphore
from typing import TypeVar
from uuid import UUID

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.retries import OUTAGE_SECONDS, outlast_outage
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import BreakerPolicy, Permit, Rejected, Verdict
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.outcomes import counts_for_breaker
from loopctl_pipelines.llm.sanitizer import sanitize
from loopctl_pipelines.llm.vendor import Vendor

_Result = TypeVar("_Result")


class GuardedCall:
    """Calls one vendor for any tenant whose circuit there admits it. Threads may share it.

    Attributes:
        breaker: the tenants' circuits at this vendor.
        requests: bound on the requests in flight, all tenants together.
    """

    def __init__(
        self,
        vendor: Vendor,
        database: Database,
        *,
        requests: int,
        policy: BreakerPolicy | None = None,
        outage_seconds: float = OUTAGE_SECONDS,
    ) -> None:
        """Guard a vendor.

        Args:
            vendor: who is called.
            database: holds the circuits.
            requests: see the class.
            policy: when a circuit opens, and for how long; None: the vendor's.
            outage_seconds: how long a call waits for the database to come back.
        """
        self.breaker = Breaker(database, vendor.name, policy or vendor.policy)
        self.requests = requests
        self._vendor = vendor
        self._outage_seconds = outage_seconds
        # nearly first come, first served: a new thread may overtake a waiting one
        self._in_flight = BoundedSemaphore(requests)

    def run(
        self, tenant_id: UUID, function: Callable[[], _Result | ProviderFailure]
    ) -> _Result | ProviderFailure:
        """Wait for a free request, then call `function`, unless the tenant's circuit is open.

        Args:
            tenant_id: whose circuit decides, and counts a failure.
            function: makes one request. It may raise any exception, or return a failure.

        Returns:
            What `function` returned; a sanitized failure if it raised or was not called.

        Raises:
            DatabaseUnreachableError: if the circuit cannot be read or written, and the outage
                lasts. A result in hand is then lost, although it was billed.
            psycopg.Error: likewise.
        """
        with self._in_flight:
            permit = outlast_outage(partial(self.breaker.admit, tenant_id), self._outage_seconds)
            return self._permitted(permit, function)

    def run_permitted(
        self, permit: Permit | Rejected, function: Callable[[], _Result | ProviderFailure]
    ) -> _Result | ProviderFailure:
        """Do the same with a permit that was just read: see `Breaker.admit_within`."""
        with self._in_flight:
            return self._permitted(permit, function)

    def _permitted(
        self, permit: Permit | Rejected, function: Callable[[], _Result | ProviderFailure]
    ) -> _Result | ProviderFailure:
        if isinstance(permit, Rejected):
            return ProviderFailure(FailureKind.CIRCUIT_OPEN)
        result = self._result(function)
        record = partial(self.breaker.record, permit, _verdict(result))
        outlast_outage(record, self._outage_seconds)
        return result

    def _result(
        self, function: Callable[[], _Result | ProviderFailure]
    ) -> _Result | ProviderFailure:
        try:
            result = function()
        except Exception as error:  # noqa: BLE001 - any exception becomes a failure
            return sanitize(error, vendor=self._vendor)
        return sanitize(result) if isinstance(result, ProviderFailure) else result


def _verdict(result: object) -> Verdict:
    if not isinstance(result, ProviderFailure):
        return Verdict.SUCCESS
    return Verdict.COUNTED if counts_for_breaker(result) else Verdict.NEUTRAL
