"""A check of partitions: it runs with its asset, over the partitions that landed."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, Protocol, TypeVar

from dagster import (
    AssetCheckEvaluation,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    DagsterEventType,
    FloatMetadataValue,
    IntMetadataValue,
    MetadataValue,
    PartitionsDefinition,
)

from loopctl_pipelines.costs.errors import CheckError
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.tenant_work.per_tenant import Failed, Work, run_per_tenant
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.dagster_internals import (
    AssetCheckEvaluationTargetMaterializationData,
    StepContext,
)
from loopctl_pipelines.orchestration.materializations import record_evaluations
from loopctl_pipelines.partitions import partition_key


class _OfOneDay(Protocol):
    @property
    def day(self) -> date: ...


Day = TypeVar("Day", bound=_OfOneDay)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check of one tenant's day.

    Attributes:
        problem: the description of the evaluation if the check does not pass, else None.
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
        work: the statements for one tenant and range of days.
        result: the result for one day.
        severity: how bad it is if the check does not pass.
    """

    name: str
    description: str
    work: Work[Day]
    result: Callable[[Day], CheckResult]
    severity: AssetCheckSeverity = AssetCheckSeverity.ERROR

    def spec(self, asset: str, partitions: PartitionsDefinition) -> AssetCheckSpec:
        """Return the check's specification for Dagster."""
        return AssetCheckSpec(
            self.name, asset=asset, description=self.description, partitions_def=partitions
        )

    def output_name(self, asset: AssetKey) -> str:
        """Return the name of the check's output in the step of the asset."""
        return AssetCheckSpec(self.name, asset=asset).get_python_identifier()

    def record(
        self,
        context: StepContext,
        asset: AssetKey,
        database: Database,
        units: Sequence[TenantDays],
    ) -> None:
        """Check every partition of the units and record the evaluations.

        The materializations must be recorded before: an evaluation names the one that it checked.
        A tenant that cannot be checked fails its own check only.

        Args:
            context: the context of the step that has materialized the units.
            asset: the asset whose partitions they are.
            database: where the costs are.
            units: tenants and days.
        """
        if not units:
            # asked for no partition, Dagster would read the latest materialization of every one
            return
        results = self._results(database, units)
        materialized = context.instance.get_latest_storage_id_by_partition(
            asset, DagsterEventType.ASSET_MATERIALIZATION, set(results)
        )
        record_evaluations(
            context,
            [
                AssetCheckEvaluation(
                    asset,
                    self.name,
                    passed=result.problem is None,
                    metadata={name: _as_shown(v) for name, v in result.metadata.items()},
                    severity=self.severity,
                    description=result.problem,
                    target_materialization_data=_target(context, materialized.get(key)),
                    partition=key,
                )
                for key, result in results.items()
            ],
        )
        self._log(context, {key: each.problem for key, each in results.items() if each.problem})

    def _log(self, context: StepContext, problems: Mapping[str, str]) -> None:
        if self.severity is AssetCheckSeverity.ERROR:
            for key, problem in problems.items():
                context.log.error("%s of %s: %s", self.name, key, problem)
        elif problems:
            # one line: a log line takes as long as a tenant's check, and all of them may warn
            key, problem = next(iter(problems.items()))
            found = (self.name, len(problems), key, problem)
            context.log.warning("%s warns about %d partitions, first %s: %s", *found)

    def _results(self, database: Database, units: Sequence[TenantDays]) -> dict[str, CheckResult]:
        results: dict[str, CheckResult] = {}
        for ended in run_per_tenant(database, units, self.work, CheckError):
            slug = ended.unit.tenant.slug
            if isinstance(ended, Failed):
                failure = CheckResult(str(ended.error), {})
                results |= {partition_key(day, slug): failure for day in ended.unit.days()}
            else:
                results |= {partition_key(day.day, slug): self.result(day) for day in ended.days}
        return results


def _as_shown(value: MetadataValue) -> MetadataValue:
    """Return a number as text: Dagster would draw one line through those of all tenants."""
    if isinstance(value, (IntMetadataValue, FloatMetadataValue)):
        return MetadataValue.text(str(value.value))
    return value


def _target(
    context: StepContext, storage_id: int | None
) -> AssetCheckEvaluationTargetMaterializationData | None:
    if storage_id is None:
        return None
    return AssetCheckEvaluationTargetMaterializationData(
        storage_id=storage_id, run_id=context.run.run_id, timestamp=time.time()
    )
