"""One evaluation of a sensor that requests runs for tenants with pending work."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from dagster import (
    AssetKey,
    DagsterInstance,
    DagsterRun,
    PartitionKeyRange,
    RunRequest,
    SensorResult,
)

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.login_rights import check_sees_all_tenants
from loopctl_pipelines.database.vectors import find_no_vectors_sentence
from loopctl_pipelines.knowledge.tenant_work.operator_queries import finished_tenants
from loopctl_pipelines.knowledge.tenant_work.sensor_cursor import (
    Cursor,
    Decision,
    Pending,
    PendingTenant,
    Situation,
)
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.orchestration.heartbeats.dead_runs import end_dead_runs
from loopctl_pipelines.orchestration.unfinished_runs import unfinished_runs
from loopctl_pipelines.partitions import range_of_tags, range_tags, slugs_between, tenant_order
from loopctl_pipelines.tenants.contiguous_groups import contiguous_groups
from loopctl_pipelines.tenants.operator_queries import list_tenants

PENDING_ONLY_TAG = "loopctl/pending_only"
"""Tag of a run that skips tenants if nothing is pending, they are paused, or another run works on
them."""

_RUN_KEY_TAG = "dagster/run_key"


class WorkQueue(Protocol):
    """Pending work of all tenants, as an operation finds it in the database."""

    @property
    def operation(self) -> Operation:
        """What is paid for."""

    @property
    def job_name(self) -> str:
        """The job that does the work."""

    @property
    def asset_key(self) -> AssetKey:
        """The asset that the job materializes."""

    @property
    def checked_table(self) -> str:
        """A table of which a login that does not see all tenants would see nothing."""

    @property
    def database(self) -> Database:
        """Loopctl's database."""

    def version(self) -> str | None:
        """Return a value that is constant while nothing becomes pending; None: unknown."""

    def next_attempt(self) -> datetime | None:
        """Return when the next item that waits is due; None: none waits."""

    def pending(self) -> list[PendingTenant]:
        """Return the active tenants that have pending work."""

    def open_circuits(self) -> Collection[UUID]:
        """Return the tenants whose circuit is open."""

    def clean_up(self) -> None:
        """Remove our own rows that no tenant needs any more."""


def evaluate(
    queue: WorkQueue, instance: DagsterInstance, cursor_text: str | None, *, most_runs: int
) -> SensorResult:
    """Request runs for the tenants that have pending work.

    Args:
        queue: the pending work.
        instance: where the runs are.
        cursor_text: the cursor that the evaluation before has returned.
        most_runs: how many runs the tenants may be spread over.
    """
    if sentence := find_no_vectors_sentence(queue.database):
        return SensorResult(skip_reason=sentence)
    now = datetime.now(UTC)
    cursor = Cursor.parse(cursor_text)
    # read before what is pending: a later change shows at the next evaluation
    version = queue.version()
    if cursor.may_rest(version, now):
        return SensorResult(skip_reason="Nothing has changed, and nothing is due.")
    order = tenant_order(instance)
    end_dead_runs(instance)
    runs = _unfinished_runs(queue, instance)
    keys = {_key(run) for run in runs}
    known = {key: slugs for key, slugs in cursor.in_flight.items() if key in keys}
    tenants_of = {run.run_id: known.get(_key(run)) or _slugs(run, order) for run in runs}
    decision = _decision(queue, tenants_of, order, now)
    if not decision.request:
        resting = decision.rest_until is not None
        after = Cursor(
            version=version if resting else None, rest_until=decision.rest_until, in_flight=known
        )
        reason = f"Nothing to request: {', '.join(decision.reasons) or 'nothing is pending'}."
        return SensorResult(skip_reason=reason, cursor=after.model_dump_json())
    placed = [slug for slug in order if slug in set(decision.request)]
    groups = contiguous_groups(placed, {}, most_runs)
    requested = {_run_key(now, number): group for number, group in enumerate(groups)}
    after = Cursor(in_flight={**known, **{key: list(each) for key, each in requested.items()}})
    return SensorResult(
        run_requests=[_request(key, group) for key, group in requested.items()],
        cursor=after.model_dump_json(),
    )


def _decision(
    queue: WorkQueue,
    tenants_of: Mapping[str, Sequence[str]],
    order: Sequence[str],
    now: datetime,
) -> Decision:
    """Decide what the evaluation does.

    Args:
        queue: what is pending.
        tenants_of: the slugs of each unfinished run's tenants, by run id.
        order: slugs that are partition keys, in the order of the partitions.
        now: the current time.
    """
    check_sees_all_tenants(queue.database, queue.checked_table)
    queue.clean_up()
    # read before the pending work, so that it includes what a run leaves pending
    finished = finished_tenants(queue.database, queue.operation, tenants_of)
    # read before the pending work, so that what comes due in between is in both
    next_attempt = queue.next_attempt()
    tenants = list_tenants(queue.database)
    slug_of = {tenant.id: slug for slug, tenant in tenants.items()}
    pending = [
        Pending(slug_of[p.tenant_id], p.paused_until, p.is_held)
        for p in queue.pending()
        if p.tenant_id in slug_of
    ]
    situation = Situation(
        pending,
        in_flight={
            slug
            for run_id, slugs in tenants_of.items()
            for slug in slugs
            if slug in tenants and (run_id, tenants[slug].id) not in finished
        },
        open_circuits={slug_of.get(tenant, "") for tenant in queue.open_circuits()},
        keys=order,
        next_attempt=next_attempt,
        now=now,
    )
    return situation.decide()


def _run_key(now: datetime, number: int) -> str:
    return f"{now.isoformat()} {number}" if number else now.isoformat()


def _request(run_key: str, slugs: Sequence[str]) -> RunRequest:
    """Return one run over the range of these tenants; it skips idle tenants in between."""
    tags = range_tags(PartitionKeyRange(slugs[0], slugs[-1]))
    return RunRequest(run_key=run_key, tags={**tags, PENDING_ONLY_TAG: "true"})


def _unfinished_runs(queue: WorkQueue, instance: DagsterInstance) -> list[DagsterRun]:
    return [
        run
        for run in unfinished_runs(instance)
        if run.job_name == queue.job_name or queue.asset_key in (run.asset_selection or ())
    ]


def _key(run: DagsterRun) -> str:
    """Return the run key of a requested run, or the id of a run that a person started."""
    return run.tags.get(_RUN_KEY_TAG, run.run_id)


def _slugs(run: DagsterRun, order: Sequence[str]) -> list[str]:
    covered = range_of_tags(run.tags)
    return list(slugs_between(covered.start, covered.end, order)) if covered else []
