"""How long a tenant's token usage is kept (behaviour 6).

A day's costs are final before its first report is archived: `archived_days` moves on first, under
the lock that every rollup takes, and behind a last rollup of the day. So what is summarized never
shrinks because reports were archived.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from threading import Event
from typing import Final, TypeVar

import psycopg
from psycopg.rows import TupleRow

from loopctl_pipelines.costs.errors import (
    RetentionDaysError,
    RetentionError,
    RetentionStoppedError,
)
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.retention.last_rollup import LastRollup
from loopctl_pipelines.costs.tenant_work.archived_days import archived_before
from loopctl_pipelines.costs.tenant_work.transactions import begin_writing_costs
from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.database.retries import cause_of, in_tenant_transaction, sqlstate_of
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.tenants.tenant import Tenant

SOFT_DELETED_DAYS: Final = 30
"""Days after which a soft-deleted report is deleted, for every tenant."""

SHORTEST_DAYS: Final = 30
"""loopctl refuses a shorter token_data_retention_days."""

BATCH: Final = 1000
"""Rows that one transaction changes, so that none holds its locks for long."""

ACTOR_LABEL: Final = "asset:token_data_retention"

Result = TypeVar("Result")
_DAY = timedelta(days=1)
_SWEEPS = ("archive_reports", "delete_reports", "archive_anomalies")
# that one transaction rolls up before they are archived
_DAYS_AT_ONCE = timedelta(days=31)
_LONG_AGO = datetime.min  # noqa: DTZ901 - loopctl's timestamps have no zone


@dataclass(frozen=True, slots=True)
class Retained:
    """What was done for one tenant. It is committed, whatever failed.

    Attributes:
        tenant: the tenant.
        retention_days: its token_data_retention_days; None: it archives nothing.
        reports_soft_deleted: reports that were archived.
        reports_hard_deleted: reports that had been soft-deleted long ago and are gone.
        anomalies_archived: anomalies that were archived.
        late_reports: of the archived ones, those of days that were final before: they came after
            their day was archived, or an earlier run ended before it archived them. Of the former,
            no summary has the cost.
        errors: what was not done, and why.
    """

    tenant: Tenant
    retention_days: int | None
    reports_soft_deleted: int = 0
    reports_hard_deleted: int = 0
    anomalies_archived: int = 0
    late_reports: int = 0
    errors: tuple[RetentionError, ...] = ()

    @property
    def rows(self) -> int:
        """All rows that were changed."""
        return self.reports_soft_deleted + self.reports_hard_deleted + self.anomalies_archived

    @property
    def late_reports_told(self) -> str | None:
        """What an operator has to know of them; None if there were none."""
        if not self.late_reports:
            return None
        return (
            f"Tenant {self.tenant.slug!r}: {self.late_reports} of the archived reports are of days "
            "that were archived before. Unless an earlier run was interrupted, they came too late "
            "and no summary has their cost: report again what is to count, on a day that is kept."
        )


def retain_all(
    database: Database, tenants: Sequence[Tenant], now: datetime, last_rollup: LastRollup
) -> Iterator[Retained]:
    """Delete, archive and audit the usage of these tenants, side by side; yield in their order.

    Args:
        database: its number of connections bounds how many tenants run at once.
        tenants: active ones.
        now: naive UTC.
        last_rollup: makes the costs of days final before they are archived.
    """
    ended = Event()
    pool = ThreadPoolExecutor(database.connections, thread_name_prefix="retention")
    try:
        yield from pool.map(
            lambda tenant: retain(database, tenant, now, last_rollup, ended), tenants
        )
    finally:
        # an interrupted run begins no further batch
        ended.set()
        pool.shutdown(wait=True, cancel_futures=True)


def retain(
    database: Database,
    tenant: Tenant,
    now: datetime,
    last_rollup: LastRollup,
    ended: Event | None = None,
) -> Retained:
    """Delete, archive and audit one tenant's usage. A part that fails does not keep others off.

    Args:
        database: where the usage is.
        tenant: whose it is.
        now: naive UTC.
        last_rollup: makes the costs of days final before they are archived.
        ended: once it is set, no further batch begins.
    """
    run = _Run(database, tenant, now, last_rollup, ended or Event())
    days = run.part("its retention days", run.retention_days)
    before = None if days is None else run.cutoff(days)
    run.part("reports deleted long ago", run.delete_reports)
    final = run.part("days archived before", run.archived_before)
    if run.part("days to archive", lambda: run.archive_days(before)) and before:
        run.part("reports to archive", lambda: run.sweep("archive_reports", before, final))
    if before:
        run.part("anomalies to archive", lambda: run.sweep("archive_anomalies", before))
    run.part("the audit row", lambda: run.audit(days))
    return run.done(days)


class _Run:
    """One tenant's retention: its parts, what they changed, and what went wrong."""

    def __init__(
        self,
        database: Database,
        tenant: Tenant,
        now: datetime,
        last_rollup: LastRollup,
        ended: Event,
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._now = now
        self._last_rollup = last_rollup
        self._ended = ended
        self._rows: Counter[str] = Counter()
        self._late = 0
        self._errors: list[RetentionError] = []

    def done(self, days: int | None) -> Retained:
        return Retained(
            self._tenant,
            days,
            self._rows["archive_reports"],
            self._rows["delete_reports"],
            self._rows["archive_anomalies"],
            self._late,
            tuple(self._errors),
        )

    def part(self, name: str, work: Callable[[], Result]) -> Result | None:
        try:
            return work()
        except (psycopg.Error, DatabaseUnreachableError) as error:
            state = sqlstate_of(error)
        slug, cause = self._tenant.slug, cause_of(state)
        self._errors.append(RetentionStoppedError(slug, name, sqlstate=state, cause=cause))
        return None

    def retention_days(self) -> int | None:
        row = self._transaction(lambda connection: self._row(connection, "retention_days"))
        return row[0] if row else None

    def archived_before(self) -> date | None:
        return self._transaction(lambda connection: archived_before(connection, self._tenant.id))

    def cutoff(self, days: int) -> date | None:
        """Return the first UTC day that is kept: days are archived whole, when they are older."""
        if days < SHORTEST_DAYS:
            self._errors.append(RetentionDaysError(self._tenant.slug, days, SHORTEST_DAYS))
            return None
        today = self._now.date()
        return today - timedelta(days=min(days, (today - date.min).days))

    def delete_reports(self) -> None:
        # a report goes after the correction that refers to it, and so on
        while self.sweep("delete_reports", self._now - timedelta(days=SOFT_DELETED_DAYS)):
            pass

    def archive_days(self, before: date | None) -> bool:
        while not self._ended.is_set():
            if self._transaction(lambda connection: self._archive_some_days(connection, before)):
                return True
        return False

    def _archive_some_days(self, connection: TenantConnection, before: date | None) -> bool:
        """Move on by a month at most, behind a last rollup; say whether `before` is reached."""
        begin_writing_costs(connection, self._tenant.id)
        row = self._row(connection, "retention_watermark", actor_label=ACTOR_LABEL)
        until: date | None = row[0] if row else None
        if before is not None and (until is None or until < before):
            span = {"first": until or date.min, "end": before}
            row = self._row(connection, "first_live_day", **span)
            first: date | None = row[0] if row else None
            until = before if first is None else min(first + _DAYS_AT_ONCE, before)
            if first is not None:
                self._last_rollup.run(connection, TenantDays(self._tenant, first, until - _DAY))
        if until is not None:
            asked = {"tenant_id": self._tenant.id, "archived_before": until}
            connection.execute(statement(__package__, "archive_days"), asked)
        return before is None or (until is not None and until >= before)

    def sweep(self, name: str, before: date | datetime, final: date | None = None) -> int:
        """Run the statement in batches, each a transaction, until it finds no more rows."""
        since, rows = _LONG_AGO, 0
        while not self._ended.is_set():
            asked = {"since": since, "before": before, "final_before": final, "batch": BATCH}
            changed, since, late = self._transaction(partial(self._batch, name, asked))
            self._rows[name] += changed
            self._late += late
            rows += changed
            if changed < BATCH:
                break
        return rows

    def _batch(
        self, name: str, asked: Mapping[str, object], connection: TenantConnection
    ) -> tuple[int, datetime, int]:
        """Change some rows, and note in the same transaction what is to be audited of it."""
        changed, last, late = self._row(connection, name, **asked) or (0, _LONG_AGO, 0)
        if changed:
            done = {**dict.fromkeys(_SWEEPS, 0), name: changed, "tenant_id": self._tenant.id}
            connection.execute(statement(__package__, "note_retention"), done)
        return changed, last, late

    def audit(self, days: int | None) -> None:
        asked = {
            "tenant_id": self._tenant.id,
            "actor_label": ACTOR_LABEL,
            "retention_days": days,
        }
        query = statement(__package__, "audit_retention")
        self._transaction(lambda connection: connection.execute(query, asked).rowcount)

    def _transaction(self, work: Callable[[TenantConnection], Result]) -> Result:
        return in_tenant_transaction(self._database, self._tenant.id, work)

    def _row(self, connection: TenantConnection, name: str, **asked: object) -> TupleRow | None:
        query = statement(__package__, name)
        return connection.execute(query, {"tenant_id": self._tenant.id, **asked}).fetchone()
