"""Reads from Dagster's event log what is alerted about a run.

Only names and counts: the text of an exception may hold anything.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from dagster import (
    AssetCheckSeverity,
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
)

from loopctl_pipelines.alerts.report import RunReport
from loopctl_pipelines.orchestration.partition_failures import FAILED_PARTITIONS

_KINDS: Final = {DagsterEventType.STEP_FAILURE, DagsterEventType.ASSET_CHECK_EVALUATION}


def read_report(instance: DagsterInstance, run: DagsterRun) -> RunReport:
    """Return what a finished run left."""
    failed: set[str] = set()
    red_checks: Counter[tuple[str, str]] = Counter()
    for entry in instance.all_logs(run.run_id, of_type=_KINDS):
        event = entry.get_dagster_event()
        if event.event_type is DagsterEventType.STEP_FAILURE:
            # a day that failed in both assets is one partition
            failed.update(_failed_partitions(event))
        else:
            evaluation = event.asset_check_evaluation_data
            if not evaluation.passed and evaluation.severity is AssetCheckSeverity.ERROR:
                red_checks[evaluation.check_name, _slug(evaluation.partition or "")] += 1
    return RunReport(
        run_id=run.run_id,
        job=run.job_name,
        is_failed=run.status is DagsterRunStatus.FAILURE,
        failed=Counter(_slug(key) for key in failed),
        red_checks=red_checks,
    )


def _failed_partitions(event: DagsterEvent) -> Iterable[str]:
    given = event.step_failure_data.user_failure_data
    keys = given.metadata.get(FAILED_PARTITIONS) if given else None
    return keys.value if keys and isinstance(keys.value, list) else ()


def _slug(key: str) -> str:
    """Return the tenant's slug of a partition key, with or without a day."""
    return key.rpartition("|")[2]
