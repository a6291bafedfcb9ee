"""The check `summaries_match_reports` of `cost_summaries`."""

from typing import Final

from dagster import MetadataValue, TableRecord

from loopctl_pipelines.costs.checks import CheckResult, PartitionCheck
from loopctl_pipelines.costs.display.columns import DIFFERENCE_COLUMNS
from loopctl_pipelines.costs.display.metadata import ARCHIVED, shown_name
from loopctl_pipelines.costs.summaries.summaries_match_reports import (
    SummaryCheck,
    SummaryDifference,
    check_summaries,
)


def _result(day: SummaryCheck) -> CheckResult:
    if day.archived:
        return _archived(day)
    metadata = {
        "summaries": MetadataValue.int(day.summaries),
        "stale summaries": MetadataValue.int(day.stale),
    }
    if not day.differences:
        return CheckResult(None, metadata)
    table = MetadataValue.table([_row(each) for each in day.first], DIFFERENCE_COLUMNS)
    problem = (
        f"{day.scopes} summaries differ from the reports in {day.differences} figures, "
        f"first: {_describe(day.first[0])}."
    )
    return CheckResult(problem, metadata | {"differences": table})


def _archived(day: SummaryCheck) -> CheckResult:
    problem = (
        f"{day.late_reports} reports of this archived day are live: they came after it was "
        "archived and are in no summary, or retention was interrupted before it archived them. The "
        "next run of token_data_retention archives them; report again what is to count, on a day "
        "that is kept."
    )
    metadata = {**ARCHIVED, "late reports": MetadataValue.int(day.late_reports)}
    return CheckResult(problem if day.late_reports else None, metadata)


def _row(difference: SummaryDifference) -> TableRecord:
    return TableRecord(
        {
            "scope": f"{difference.scope_type} {difference.scope_id}",
            "model": shown_name(difference.model or ""),
            "phase": shown_name(difference.phase or ""),
            "figure": difference.figure,
            "stored": str(difference.stored),
            "reports_say": str(difference.reports_say),
        }
    )


def _describe(difference: SummaryDifference) -> str:
    model = f" of model {shown_name(difference.model)}" if difference.model is not None else ""
    return (
        f"{difference.figure}{model} of {difference.scope_type} {difference.scope_id} is "
        f"{difference.stored}, the reports say {difference.reports_say}"
    )


SUMMARIES_MATCH_REPORTS: Final = PartitionCheck(
    "summaries_match_reports",
    "Every summary is what its live reports add up to: counts, tokens and cost, in total and by "
    "model and phase, and the average per story. So agents, epics and projects agree as well.",
    check_summaries,
    _result,
)
