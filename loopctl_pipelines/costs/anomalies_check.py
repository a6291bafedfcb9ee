"""The check `anomalies_match_rule` of `cost_anomalies`."""

from functools import partial

from dagster import MetadataValue, TableRecord

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.anomalies_match_rule import (
    AnomalyCheck,
    check_anomalies,
)
from loopctl_pipelines.costs.checks import CheckResult, PartitionCheck
from loopctl_pipelines.costs.display.columns import ANOMALY_DIFFERENCE_COLUMNS
from loopctl_pipelines.costs.display.metadata import ARCHIVED
from loopctl_pipelines.costs.summaries.summaries_match_reports import SHOWN_DIFFERENCES


def anomalies_match_rule(rule: AnomalyRule) -> PartitionCheck[AnomalyCheck]:
    """Return the check of the open anomalies against what the rule finds in the reports."""
    return PartitionCheck(
        "anomalies_match_rule",
        "The open anomalies of the day are the ones that the rule finds, with its figures.",
        partial(check_anomalies, rule=rule),
        _result,
    )


def _result(day: AnomalyCheck) -> CheckResult:
    if day.archived:
        return CheckResult(None, ARCHIVED)
    metadata = {
        "stories compared": MetadataValue.int(day.stories),
        "stale epics": MetadataValue.int(day.stale_epics),
    }
    if not day.different:
        return CheckResult(None, metadata)
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
    return CheckResult(problem, metadata | {"differences": table})
