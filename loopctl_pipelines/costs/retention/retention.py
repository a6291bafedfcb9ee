"""Deletes, archives and audits old token usage, as long as loopctl's settings keep it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from loopctl_pipelines.costs.retention.last_rollup import LastRollup
from loopctl_pipelines.costs.retention.retained import Retained
from loopctl_pipelines.costs.retention.tenant_retention import TenantRetention
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.retries import OutagePatience
from loopctl_pipelines.tenants.tenant import Tenant


def retain_all(
    database: Database, tenants: Sequence[Tenant], now: datetime, last_rollup: LastRollup
) -> Iterator[Retained]:
    """Delete, archive and audit the usage of these tenants concurrently; yield in their order.

    Args:
        database: its number of connections bounds the concurrency.
        tenants: active tenants.
        now: naive UTC.
        last_rollup: makes the costs of days final before they are archived.
    """
    patience = OutagePatience()
    pool = ThreadPoolExecutor(database.connections, thread_name_prefix="retention")
    try:
        yield from pool.map(
            lambda tenant: retain(database, tenant, now, last_rollup, patience), tenants
        )
    finally:
        # an interrupted run starts no further batch
        patience.end()
        pool.shutdown(wait=True, cancel_futures=True)


def retain(
    database: Database,
    tenant: Tenant,
    now: datetime,
    last_rollup: LastRollup,
    patience: OutagePatience | None = None,
) -> Retained:
    """Delete, archive and audit one tenant's usage. A part that fails does not stop the others.

    Args:
        database: loopctl's database.
        tenant: the tenant.
        now: naive UTC.
        last_rollup: makes the costs of days final before they are archived.
        patience: how long the run's transactions wait for the database; once it has ended, no
            further batch begins.
    """
    run = TenantRetention(database, tenant, now, last_rollup, patience or OutagePatience())
    days = run.attempt("its retention days", run.retention_days)
    before = None if days is None else run.cutoff(days)
    run.attempt("reports deleted long ago", run.delete_reports)
    final = run.attempt("days archived before", run.archived_before)
    if run.attempt("days to archive", lambda: run.archive_days(before)) and before:
        run.attempt("reports to archive", lambda: run.in_batches("archive_reports", before, final))
    if before:
        run.attempt("anomalies to archive", lambda: run.in_batches("archive_anomalies", before))
    run.attempt("the audit row", lambda: run.audit(days))
    return run.result(days)
