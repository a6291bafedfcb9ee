"""Runs `daily_costs` in this process; the UI shows the runs like any others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dagster import (
    AssetKey,
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    JobDefinition,
)

from loopctl_pipelines.costs.jobs import range_tags
from loopctl_pipelines.costs.rectangles import Rectangle, rectangles
from loopctl_pipelines.partitions import TENANTS, day_and_slug, partition_range

_SUMMARIES = AssetKey("cost_summaries")
_ANOMALIES = AssetKey("cost_anomalies")
# what a person should know is in the run's result; Dagster's log is in the UI
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run that has ended.

    Attributes:
        run_id: Dagster's id of it.
        landed: the (day, slug) partitions whose summaries were materialized.
        failure: the sentence that Dagster shows as the run's failure; None if all is well.
    """

    run_id: str
    landed: list[tuple[date, str]]
    failure: str | None


def tenant_order(instance: DagsterInstance) -> Sequence[str]:
    """Return the tenants' keys in the order in which ranges of partitions have them."""
    return instance.get_dynamic_partitions(TENANTS.name or "")


def run_daily_costs(
    instance: DagsterInstance,
    job: JobDefinition,
    partitions: Rectangle,
    tags: Mapping[str, str] | None = None,
) -> JobRun:
    """Materialize summaries and anomalies of these partitions.

    If a tenant fails, the anomalies of those that landed follow in further runs: here is no
    sensor that would see to it.
    """
    ended = _run(instance, job, partitions, tags or {})
    if ended.failure is not None:
        for part in rectangles(ended.landed, tenant_order(instance)):
            _run(instance, job, part, {}, [_ANOMALIES])
    return ended


def _run(
    instance: DagsterInstance,
    job: JobDefinition,
    partitions: Rectangle,
    tags: Mapping[str, str],
    assets: Sequence[AssetKey] | None = None,
) -> JobRun:
    days = (partitions.first, partitions.last)
    selected = partition_range(days, (partitions.slugs[0], partitions.slugs[-1]))
    ended = job.execute_in_process(
        instance=instance,
        run_config=_QUIET,
        tags={**range_tags(selected), **tags},
        asset_selection=assets,
        raise_on_error=False,
    )
    landed = [
        day_and_slug(event.partition)
        for event in _events(instance, ended.run_id, DagsterEventType.ASSET_MATERIALIZATION)
        if event.asset_key == _SUMMARIES and event.partition
    ]
    return JobRun(ended.run_id, landed, None if ended.success else _failure(instance, ended.run_id))


def _failure(instance: DagsterInstance, run_id: str) -> str:
    for event in _events(instance, run_id, DagsterEventType.STEP_FAILURE):
        given = event.step_failure_data.user_failure_data
        if given and given.description:
            return given.description
    return f"Run {run_id} failed; its log is in the Dagster UI."


def _events(instance: DagsterInstance, run_id: str, kind: DagsterEventType) -> list[DagsterEvent]:
    return [entry.get_dagster_event() for entry in instance.all_logs(run_id, of_type=kind)]
