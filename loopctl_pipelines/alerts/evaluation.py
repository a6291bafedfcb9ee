"""One evaluation: examines the runs that have ended, and delivers what is due."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final
from uuid import UUID

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunRecord, RunsFilter

from loopctl_pipelines.alerts.delivery import Delivered, deliver_due
from loopctl_pipelines.alerts.findings import claim_findings
from loopctl_pipelines.alerts.message import message_id_of
from loopctl_pipelines.alerts.operator_queries import (
    Position,
    add_message,
    advance_position,
    clean_up,
    has_message,
    hold_position,
    release_position,
)
from loopctl_pipelines.alerts.run_events import read_report
from loopctl_pipelines.alerts.table_use import ALERT_TABLES
from loopctl_pipelines.alerts.targets import Targets
from loopctl_pipelines.costs.jobs import WEEKLY_RECONCILIATION
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.login_rights import check_sees_all_tenants
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.partitions import (
    day_and_slug,
    range_of_tags,
    slugs_between,
    tenant_order,
)
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.terminal_text import counted

_ENDED: Final = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]

# a run's end is stored with the time of its process, and shortly after that time
_LOOKS_BACK: Final = timedelta(minutes=10)
_MOST_RUNS: Final = 50
# Dagster ends an evaluation after a minute, and a delivery may take most of it
_EXAMINES_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an evaluation did.

    Attributes:
        examined: runs that were examined.
        alerted: runs that a message was made for.
        delivered: what was done about the messages.
    """

    examined: int
    alerted: int
    delivered: Delivered

    def describe(self) -> str:
        """Return what was done in one sentence."""
        return (
            f"{counted(self.examined, 'run')} examined, {self.alerted} of them to be alerted; "
            f"messages: {self.delivered.sent} sent, "
            f"{self.delivered.failed} not accepted by a target yet, "
            f"{self.delivered.held_back} held back, {self.delivered.given_up} given up."
        )


def evaluate(database: Database, instance: DagsterInstance, targets: Targets) -> Evaluated | None:
    """Examine the runs that have ended since, and send what is due; None: another process does.

    Raises:
        DatabaseNotUsableError: a subclass; the message says what to do.
    """
    check_database(database, ALERT_TABLES)
    check_sees_all_tenants(database, "cost_anomalies")
    with _held(database) as position:
        if position is None:
            return None
        examined, alerted = _examine(database, instance, position)
        return Evaluated(
            examined, alerted, deliver_due(database, instance, targets, position.since)
        )


@contextmanager
def _held(database: Database) -> Iterator[Position | None]:
    position = hold_position(database)
    try:
        yield position
    finally:
        if position is not None:
            release_position(database)


def _examine(database: Database, instance: DagsterInstance, position: Position) -> tuple[int, int]:
    """Examine runs, the oldest first; return how many, and how many are alerted."""
    given_up = monotonic() + _EXAMINES_SECONDS
    until, lately = position.examined_until, dict(position.examined_runs)
    examined = alerted = 0
    for record in _ended_runs(instance, position):
        if monotonic() > given_up:
            break
        examined += 1
        alerted += _is_alerted(database, instance, record, position.since)
        ended = record.update_timestamp.replace(tzinfo=UTC)
        # a process whose clock is ahead must not have the ends of others lie in the past
        until = max(until, min(ended, datetime.now(UTC)))
        lately[record.dagster_run.run_id] = ended.isoformat()
        first = (until - _LOOKS_BACK).isoformat()
        lately = {run_id: when for run_id, when in lately.items() if when >= first}
        advance_position(database, until, lately)
    if alerted:
        clean_up(database)
    return examined, alerted


def _ended_runs(instance: DagsterInstance, position: Position) -> Sequence[RunRecord]:
    seen = set(position.examined_runs)
    records = instance.get_run_records(
        RunsFilter(statuses=_ENDED, updated_after=position.examined_until - _LOOKS_BACK),
        limit=_MOST_RUNS + len(seen),
        order_by="update_timestamp",
        ascending=True,
    )
    return [record for record in records if record.dagster_run.run_id not in seen]


def _is_alerted(
    database: Database, instance: DagsterInstance, record: RunRecord, since: datetime
) -> bool:
    """Make the message about a run if there is something to report, and claim its anomalies."""
    run = record.dagster_run
    message_id = message_id_of(run.run_id)
    if (record.end_time or record.update_timestamp.timestamp()) < since.timestamp():
        return False
    # a tag that is added later makes a run look new; what its message is about stays
    if has_message(database, message_id):
        return False
    tenants = _tenants(database, instance, run)
    found = bool(tenants) and claim_findings(database, message_id, since, tenants)
    if not found and read_report(instance, run).is_quiet:
        return False
    add_message(database, message_id, run.run_id)
    return True


def _tenants(database: Database, instance: DagsterInstance, run: DagsterRun) -> Collection[UUID]:
    """Return the tenants whose costs a run was about."""
    tenants = list_tenants(database)
    if run.job_name == WEEKLY_RECONCILIATION:
        return {tenant.id for tenant in tenants.values()}
    covered = range_of_tags(run.tags)
    if covered is None or "|" not in covered.start:
        return set()
    first, last = day_and_slug(covered.start)[1], day_and_slug(covered.end)[1]
    slugs = slugs_between(first, last, tenant_order(instance))
    return {tenants[slug].id for slug in slugs if slug in tenants}
