"""The parts of one tenant's retention; each is one or more transactions of the tenant.

A day's costs are final before its first report is archived: `archived_days` advances first, under
the lock that every rollup takes, after a last rollup of the day. So archiving reports never shrinks
a summary.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
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
from loopctl_pipelines.costs.retention.retained import Retained
from loopctl_pipelines.costs.retention.retention_periods import SHORTEST_DAYS, SOFT_DELETED_DAYS
from loopctl_pipelines.costs.tenant_work.archived_days import archived_before
from loopctl_pipelines.costs.tenant_work.transactions import begin_writing_costs
from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.database.retries import (
    OutagePatience,
    cause_of,
    in_tenant_transaction,
)
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.tenants.tenant import Tenant

BATCH: Final = 1000
"""Rows that one transaction changes, so that none holds its locks for long."""

ACTOR_LABEL: Final = "asset:token_data_retention"

Result = TypeVar("Result")
_DAY = timedelta(days=1)
_BATCHED = ("archive_reports", "delete_reports", "archive_anomalies")
# days that one transaction rolls up before they are archived
_DAYS_AT_ONCE = timedelta(days=31)
_LONG_AGO = datetime.min  # noqa: DTZ901 - loopctl's timestamps have no zone


class TenantRetention:
    """One tenant's retention: its parts, the rows they changed, and the errors."""

    def __init__(
        self,
        database: Database,
        tenant: Tenant,
        now: datetime,
        last_rollup: LastRollup,
        patience: OutagePatience,
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._now = now
        self._last_rollup = last_rollup
        self._patience = patience
        self._rows: Counter[str] = Counter()
        self._late = 0
        self._errors: list[RetentionError] = []

    def result(self, days: int | None) -> Retained:
        """Return what was done; `days` is the tenant's token_data_retention_days."""
        return Retained(
            self._tenant,
            days,
            self._rows["archive_reports"],
            self._rows["delete_reports"],
            self._rows["archive_anomalies"],
            self._late,
            tuple(self._errors),
        )

    def attempt(self, name: str, work: Callable[[], Result]) -> Result | None:
        """Run a part; record an error under its name and return None if it fails."""
        try:
            return work()
        except (psycopg.Error, DatabaseUnreachableError) as error:
            state = error.sqlstate
        slug, cause = self._tenant.slug, cause_of(state)
        self._errors.append(RetentionStoppedError(slug, name, sqlstate=state, cause=cause))
        return None

    def retention_days(self) -> int | None:
        """Return the tenant's token_data_retention_days; None: nothing is archived."""
        row = self._transaction(lambda connection: self._row(connection, "retention_days"))
        return row[0] if row else None

    def archived_before(self) -> date | None:
        """Return the first UTC day that is not archived; None if no day is."""
        return self._transaction(lambda connection: archived_before(connection, self._tenant.id))

    def cutoff(self, days: int) -> date | None:
        """Return the first UTC day that is kept; older days are archived as a whole."""
        if days < SHORTEST_DAYS:
            self._errors.append(RetentionDaysError(self._tenant.slug, days, SHORTEST_DAYS))
            return None
        today = self._now.date()
        return today - timedelta(days=min(days, (today - date.min).days))

    def delete_reports(self) -> None:
        """Delete reports that were soft-deleted long ago."""
        # a report can be deleted after the correction that refers to it, and so on
        while self.in_batches("delete_reports", self._now - timedelta(days=SOFT_DELETED_DAYS)):
            pass

    def archive_days(self, before: date | None) -> bool:
        """Make the days before `before` final; return whether all of them are."""
        while not self._patience.has_ended:
            if self._transaction(lambda connection: self._archive_some_days(connection, before)):
                return True
        return False

    def _archive_some_days(self, connection: TenantConnection, before: date | None) -> bool:
        """Advance by a month at most, after a last rollup; return whether `before` is reached."""
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
            parameters = {"tenant_id": self._tenant.id, "archived_before": until}
            connection.execute(statement(__package__, "archive_days"), parameters)
        return before is None or (until is not None and until >= before)

    def in_batches(self, name: str, before: date | datetime, final: date | None = None) -> int:
        """Run the statement in batches, each a transaction, until it finds no more rows."""
        since, rows = _LONG_AGO, 0
        while not self._patience.has_ended:
            parameters = {"since": since, "before": before, "final_before": final, "batch": BATCH}
            changed, since, late = self._transaction(partial(self._batch, name, parameters))
            self._rows[name] += changed
            self._late += late
            rows += changed
            if changed < BATCH:
                break
        return rows

    def _batch(
        self, name: str, parameters: Mapping[str, object], connection: TenantConnection
    ) -> tuple[int, datetime, int]:
        """Change some rows, and count them for the audit row in the same transaction."""
        changed, last, late = self._row(connection, name, **parameters) or (0, _LONG_AGO, 0)
        if changed:
            done = {**dict.fromkeys(_BATCHED, 0), name: changed, "tenant_id": self._tenant.id}
            connection.execute(statement(__package__, "note_retention"), done)
        return changed, last, late

    def audit(self, days: int | None) -> None:
        """Write the audit row for what was done, by this run and by killed ones before it."""
        parameters = {
            "tenant_id": self._tenant.id,
            "actor_label": ACTOR_LABEL,
            "retention_days": days,
        }
        query = statement(__package__, "audit_retention")
        self._transaction(lambda connection: connection.execute(query, parameters).rowcount)

    def _transaction(self, work: Callable[[TenantConnection], Result]) -> Result:
        return self._patience.outlast(
            lambda: in_tenant_transaction(self._database, self._tenant.id, work)
        )

    def _row(
        self, connection: TenantConnection, name: str, **parameters: object
    ) -> TupleRow | None:
        query = statement(__package__, name)
        return connection.execute(query, {"tenant_id": self._tenant.id, **parameters}).fetchone()
