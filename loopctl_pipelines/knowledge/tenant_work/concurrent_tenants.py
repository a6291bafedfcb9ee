"""Runs many tenants' parts of a run at the same time."""

import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from typing import Protocol, TypeVar

import psycopg

from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.knowledge.tenant_work.operator_queries import finish_tenant
from loopctl_pipelines.knowledge.tenant_work.tenant_session import TenantSession
from loopctl_pipelines.llm.operation import Operation

_Outcome_co = TypeVar("_Outcome_co", covariant=True)


class TenantPart(Protocol[_Outcome_co]):
    """One tenant's part of a run."""

    @property
    def session(self) -> TenantSession:
        """The tenant's statements."""

    def run(self) -> _Outcome_co:
        """Do the work; every error is in the outcome."""


def run_concurrently(
    parts: Sequence[TenantPart[_Outcome_co]],
    tenants_at_once: int,
    stopped: threading.Event,
    operation: Operation,
    run_id: str | None,
) -> Generator[_Outcome_co]:
    """Run the parts, and yield each outcome as it ends.

    If the caller stops early, the event is set, and parts that run end as soon as they see it.

    Args:
        parts: of the tenants.
        tenants_at_once: how many run at the same time.
        stopped: tells the parts that the whole run ends early.
        operation: what the run does.
        run_id: the id of the Dagster run, if this is part of one; the sensor then learns of each
            tenant that the run has finished.
    """

    def run(part: TenantPart[_Outcome_co]) -> _Outcome_co:
        outcome = part.run()
        if run_id is not None:
            # if this fails, the tenant counts as in flight until the run ends
            with suppress(psycopg.Error, DatabaseUnreachableError):
                session = part.session
                finish_tenant(session.database, operation, run_id, session.tenant.id)
        return outcome

    threads = ThreadPoolExecutor(tenants_at_once, thread_name_prefix="tenant")
    try:
        for ended in as_completed([threads.submit(run, part) for part in parts]):
            yield ended.result()
    finally:
        stopped.set()
        threads.shutdown(wait=True, cancel_futures=True)
