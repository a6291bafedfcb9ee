"""The asset checks of costs: they run with the assets, over the partitions that landed."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Generic, Protocol, TypeVar

from dagster import (
    AssetCheckEvaluation,
    AssetCheckSpec,
    AssetKey,
    DagsterEventType,
    MetadataValue,
    PartitionsDefinition,
    TableRecord,
)
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.anomalies_match_rule import (
    DayRechecked,
    recheck_anomalies,
)
from loopctl_pipelines.costs.display.columns import ANOMALY_DIFFERENCE_COLUMNS, DIFFERENCE_COLUMNS
from loopctl_pipelines.costs.display.metadata import ARCHIVED, shown_name
from loopctl_pipelines.costs.errors import ReconciliationError
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.summaries.summaries_match_reports import (
    SHOWN_DIFFERENCES,
    DayReconciled,
    Difference,
    reconcile,
)
from loopctl_pipelines.costs.tenant_work.per_tenant import Failed, Work, run_side_by_side
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.materializations import StepContext, record_evaluations
from loopctl_pipelines.partitions import partition_key


class _OfOneDay(Protocol):
    @property
    def day(self) -> date: ...


Day = TypeVar("Day", bound=_OfOneDay)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check makes of a tenant's day.

    Attributes:
        problem: what is wrong, as the end of a sentence; None if nothing is.
        metadata: what a person sees at the evaluation.
    """

    problem: str | None
    metadata: Mapping[str, MetadataValue]


@dataclass(frozen=True, slots=True)
class PartitionCheck(Generic[Day]):
    """A check of each partition that a run has landed.

    Attributes:
        name: the check's name.
        description: what it checks.
        work: the statements of one tenant and range of days.
        judge: the verdict on a day.
    """

    name: str
    description: str
    work: Work[Day]
    judge: Callable[[Day], Verdict]

    def spec(self, asset: str, partitions: PartitionsDefinition) -> AssetCheckSpec:
        """Return what Dagster is to know of it."""
        return AssetCheckSpec(
            self.name, asset=asset, description=self.description, partitions_def=partitions
        )

    def output_name(self, asset: AssetKey) -> str:
        """Return the name of the output that the asset's step has for it."""
        return AssetCheckSpec(self.name, asset=asset).get_python_identifier()

    def record(
        self,
        context: StepContext,
        asset: AssetKey,
        database: Database,
        units: Sequence[TenantDays],
    ) -> None:
        """Check every partition of the units; a tenant that cannot be checked fails its own only.

        Their materializations are recorded already: an evaluation says which of them it is of.

        Args:
            context: of the step that has materialized them.
            asset: whose partitions they are.
            database: where the costs are.
            units: tenants and days.
        """
        if not units:
            # of no partition, Dagster would read the latest materialization of every one there is
            return
        verdicts: dict[str, Verdict] = {}
        for ended in run_side_by_side(database, units, self.work, ReconciliationError):
            slug = ended.unit.tenant.slug
            if isinstance(ended, Failed):
                of_failed = Verdict(str(ended.error), {})
                verdicts |= {partition_key(day, slug): of_failed for day in ended.unit.days()}
            else:
                verdicts |= {partition_key(day.day, slug): self.judge(day) for day in ended.days}
        materialized = context.instance.get_latest_storage_id_by_partition(
            asset, DagsterEventType.ASSET_MATERIALIZATION, set(verdicts)
        )
        record_evaluations(
            context,
            [
                AssetCheckEvaluation(
                    asset,
                    self.name,
                    passed=verdict.problem is None,
                    metadata=verdict.metadata,
                    description=verdict.problem,
                    target_materialization_data=_target(context, materialized.get(key)),
                    partition=key,
                )
                for key, verdict in verdicts.items()
            ],
        )
        for key, verdict in verdicts.items():
            if verdict.problem:
                context.log.error("%s of %s: %s", self.name, key, verdict.problem)


def _target(
    context: StepContext, storage_id: int | None
) -> AssetCheckEvaluationTargetMaterializationData | None:
    if storage_id is None:
        return None
    return AssetCheckEvaluationTargetMaterializationData(
        storage_id=storage_id, run_id=context.run.run_id, timestamp=time.time()
    )


def _reconciled(day: DayReconciled) -> Verdict:
    if day.archived:
        return _archived(day)
    metadata = {
        "summaries": MetadataValue.int(day.summaries),
        "stale summaries": MetadataValue.int(day.stale),
    }
    if not day.differences:
        return Verdict(None, metadata)
    table = MetadataValue.table([_row(each) for each in day.first], DIFFERENCE_COLUMNS)
    problem = (
        f"{day.scopes} summaries differ from the reports in {day.differences} figures, "
        f"first: {_told(day.first[0])}."
    )
    return Verdict(problem, metadata | {"differences": table})


def _archived(day: DayReconciled) -> Verdict:
    problem = (
        f"{day.late_reports} reports of this archived day are live: they came after it was "
        "archived and are in no summary, or retention was interrupted before it archived them. The "
        "next run of token_data_retention archives them; report again what is to count, on a day "
        "that is kept."
    )
    metadata = {**ARCHIVED, "late reports": MetadataValue.int(day.late_reports)}
    return Verdict(problem if day.late_reports else None, metadata)


def _row(difference: Difference) -> TableRecord:
    return TableRecord(
        {
            "scope": f"{difference.scope_type} {difference.scope_id}",
            "model": shown_name(difference.model or ""),
            "phase": difference.phase or "",
            "figure": difference.figure,
            "stored": str(difference.stored),
            "reports_say": str(difference.reports_say),
        }
    )


def _told(difference: Difference) -> str:
    model = f" of model {shown_name(difference.model)}" if difference.model is not None else ""
    return (
        f"{difference.figure}{model} of {difference.scope_type} {difference.scope_id} is "
        f"{difference.stored}, the reports say {difference.reports_say}"
    )


def _rechecked(day: DayRechecked) -> Verdict:
    if day.archived:
        return Verdict(None, ARCHIVED)
    metadata = {
        "stories compared": MetadataValue.int(day.stories),
        "stale epics": MetadataValue.int(day.stale_epics),
    }
    if not day.different:
        return Verdict(None, metadata)
    rows = [
        TableRecord(
            {
                "story": str(each.story_id),
                "anomaly": each.anomaly_type,
                "stored": str(each.stored),
                "should_be": str(each.should_be),
            }
        )
        for each in day.different[:SHOWN_DIFFERENCES]
    ]
    first = day.different[0]
    problem = (
        f"{len(day.different)} anomalies are not what the rule finds, first: {first.anomaly_type} "
        f"of story {first.story_id} is {first.stored}, should be {first.should_be}."
    )
    table = MetadataValue.table(rows, ANOMALY_DIFFERENCE_COLUMNS)
    return Verdict(problem, metadata | {"differences": table})


SUMMARIES_MATCH_REPORTS = PartitionCheck(
    "summaries_match_reports",
    "Every summary is what its live reports add up to: counts, tokens and cost, in total and by "
    "model and phase, and the average per story. So agents, epics and projects agree as well.",
    reconcile,
    _reconciled,
)


def anomalies_match_rule(rule: AnomalyRule) -> PartitionCheck[DayRechecked]:
    """Return the check of the open anomalies against what the rule makes of the reports."""
    return PartitionCheck(
        "anomalies_match_rule",
        "The open anomalies of the day are those that the rule finds, with its figures.",
        partial(recheck_anomalies, rule=rule),
        _rechecked,
    )
