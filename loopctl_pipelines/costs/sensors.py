"""The sensors that keep summaries in line with the reports, and anomalies with summaries."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from dagster import (
    AssetKey,
    AssetSelection,
    AutomationConditionSensorDefinition,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    ResourceParam,
    RunRequest,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    sensor,
)
from dagster import DefaultSensorStatus as Status

from loopctl_pipelines.costs.asset_keys import SUMMARIES
from loopctl_pipelines.costs.jobs import DAILY_COSTS, PARTITIONS_PER_RUN
from loopctl_pipelines.costs.operator_queries import stale_days
from loopctl_pipelines.costs.planning.rectangles import Rectangle
from loopctl_pipelines.costs.planning.stale_days import Partition, RecomputePlan, StaleDays
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.login_rights import check_sees_all_tenants
from loopctl_pipelines.orchestration.heartbeats.dead_runs import end_dead_runs, has_died
from loopctl_pipelines.orchestration.unfinished_runs import runs, unfinished_runs
from loopctl_pipelines.partitions import (
    day_and_slug,
    partition_range,
    range_of_tags,
    range_tags,
    slugs_between,
    tenant_order,
)
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.operator_queries import list_tenants

_NAME = "stale_costs_sensor"
_MOST_RUNS = 20
# a tenant that cannot be computed would otherwise fail every minute
_PAUSE_AFTER_FAILURE = timedelta(minutes=30)
# a run that was killed is requested again at once, unless it is its partitions that kill it
_MOST_DEAD_RUNS = 3


def build_cost_anomalies_sensor(
    assets: Sequence[AssetKey],
) -> AutomationConditionSensorDefinition:
    """Return `cost_anomalies_sensor` over the assets that follow the summaries."""
    return AutomationConditionSensorDefinition(
        "cost_anomalies_sensor",
        target=AssetSelection.assets(*assets),
        default_status=Status.RUNNING,
        description="Materializes the anomalies of exactly those summaries that landed.",
    )


def build_stale_costs_sensor(settings: Settings) -> SensorDefinition:
    """Return `stale_costs_sensor`.

    Its run requests have no key: a day that is marked again later is recomputed again. Runs in
    progress keep the sensor from requesting a day twice.
    """

    @sensor(
        name=_NAME,
        job_name=DAILY_COSTS,
        minimum_interval_seconds=60,
        default_status=Status.RUNNING,
        description=(
            "Materializes exactly the days whose summaries loopctl has marked as stale, because a "
            "report was deleted or corrected, and their anomalies."
        ),
    )
    def stale_costs_sensor(
        context: SensorEvaluationContext, database: ResourceParam[Database]
    ) -> SensorResult:
        order = tenant_order(context.instance)
        end_dead_runs(context.instance)
        # read before the stale days: a run that ends in between has recomputed its days
        unfinished = _unfinished(context.instance, order)
        stale = _stale(database, settings)
        failed = _failed(context.instance, order) if stale else set()
        plan = StaleDays(stale, unfinished, failed, order).plan(
            most_runs=_MOST_RUNS, partitions_per_run=PARTITIONS_PER_RUN
        )
        if not plan.requested:
            return SensorResult(skip_reason=_describe(plan, len(stale)))
        return SensorResult(run_requests=[_request(part) for part in plan.requested])

    return stale_costs_sensor


def _stale(database: Database, settings: Settings) -> set[Partition]:
    check_sees_all_tenants(database, "cost_summaries")
    today = datetime.now(UTC).date()
    first, last = settings.start_date.resolve(today), today - timedelta(days=1)
    slug_of = {tenant.id: slug for slug, tenant in list_tenants(database).items()}
    return {(day, slug_of[tenant]) for tenant, day in stale_days(database, first, last)}


def _unfinished(instance: DagsterInstance, order: Sequence[str]) -> list[Rectangle]:
    found = (
        _partitions(run, order)
        for run in unfinished_runs(instance)
        if run.job_name == DAILY_COSTS or SUMMARIES in (run.asset_selection or ())
    )
    return [partitions for partitions in found if partitions]


def _failed(instance: DagsterInstance, order: Sequence[str]) -> set[Partition]:
    """Return the partitions that the sensor's own recent runs covered and did not land."""
    since = datetime.now(UTC) - _PAUSE_AFTER_FAILURE
    failed = RunsFilter(
        statuses=[DagsterRunStatus.FAILURE],
        tags={"dagster/sensor_name": _NAME},
        updated_after=since,
    )
    found: set[Partition] = set()
    deaths: Counter[Partition] = Counter()
    for run in runs(instance, failed):
        if covered := _partitions(run, order):
            missing = set(covered.partitions()) - _landed(instance, run.run_id)
            if has_died(run):
                deaths.update(missing)
            else:
                found |= missing
    return found | {partition for partition, n in deaths.items() if n >= _MOST_DEAD_RUNS}


def _landed(instance: DagsterInstance, run_id: str) -> set[Partition]:
    materialized = DagsterEventType.ASSET_MATERIALIZATION
    events = (e.get_dagster_event() for e in instance.all_logs(run_id, of_type=materialized))
    return {
        day_and_slug(event.partition)
        for event in events
        if event.asset_key == SUMMARIES and event.partition
    }


def _partitions(run: DagsterRun, order: Sequence[str]) -> Rectangle | None:
    covered = range_of_tags(run.tags)
    if covered is None:
        return None
    (first, first_slug), (last, last_slug) = map(day_and_slug, (covered.start, covered.end))
    slugs = slugs_between(first_slug, last_slug, order)
    return Rectangle(first, last, slugs) if slugs else None


def _request(part: Rectangle) -> RunRequest:
    selected = partition_range((part.first, part.last), (part.slugs[0], part.slugs[-1]))
    return RunRequest(tags=range_tags(selected))


def _describe(plan: RecomputePlan, stale: int) -> str:
    if not stale:
        return "No active tenant has a stale summary of a day that has a partition."
    return (
        f"Of {stale} stale days, {plan.in_flight} are in flight, {plan.failed} failed within "
        f"the last {_PAUSE_AFTER_FAILURE.seconds // 60} minutes, the others have no partition yet."
    )
