"""Runs `daily_costs` in this process; the UI shows the runs like any others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from dagster import AssetKey, DagsterInstance, JobDefinition

from loopctl_pipelines.costs.asset_keys import ANOMALIES, BASELINES, SUMMARIES
from loopctl_pipelines.costs.planning.rectangles import Rectangle, rectangles
from loopctl_pipelines.orchestration.in_process_runs import run_in_process
from loopctl_pipelines.partitions import day_and_slug, partition_range, tenant_order


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run that has ended.

    Attributes:
        run_id: Dagster's id.
        landed: the (day, slug) partitions whose summaries were materialized.
        failure: the sentence that Dagster shows as the run's failure; None if it succeeded.
        further_run_ids: of the runs that did what follows of the other tenants.
    """

    run_id: str
    landed: list[tuple[date, str]]
    failure: str | None
    further_run_ids: tuple[str, ...] = ()


def run_daily_costs(
    instance: DagsterInstance,
    job: JobDefinition,
    partitions: Rectangle,
    tags: Mapping[str, str] | None = None,
    *,
    tags_of_all: Mapping[str, str] | None = None,
) -> JobRun:
    """Materialize summaries and anomalies of these partitions, and baselines if the job has them.

    If a tenant fails, what follows of the other tenants is done in further runs: the sensor that
    would request these may not be running. Each asset has a run of its own: a tenant that fails in
    one of them then keeps nobody's anomalies back.

    Args:
        instance: records the runs.
        job: `daily_costs`.
        partitions: what to materialize.
        tags: of the first run.
        tags_of_all: of the further runs too.
    """
    shared = dict(tags_of_all or {})
    ended = _run(instance, job, partitions, {**(tags or {}), **shared})
    if ended.failure is None:
        return ended
    further = [
        _run(instance, job, part, shared, [asset]).run_id
        for part in rectangles(ended.landed, tenant_order(instance))
        for asset in _following(job)
    ]
    return replace(ended, further_run_ids=tuple(further))


def _following(job: JobDefinition) -> list[AssetKey]:
    """Return the assets that follow the summaries, in their order."""
    there = job.asset_layer.executable_asset_keys
    return [asset for asset in (BASELINES, ANOMALIES) if asset in there]


def _run(
    instance: DagsterInstance,
    job: JobDefinition,
    partitions: Rectangle,
    tags: Mapping[str, str],
    assets: Sequence[AssetKey] | None = None,
) -> JobRun:
    days = (partitions.first, partitions.last)
    selected = partition_range(days, (partitions.slugs[0], partitions.slugs[-1]))
    ended = run_in_process(instance, job, selected, tags=tags, assets=assets)
    landed = [day_and_slug(key) for asset, key in ended.materialized if asset == SUMMARIES]
    return JobRun(ended.run_id, landed, ended.failure)
