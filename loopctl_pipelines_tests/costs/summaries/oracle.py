"""What cost_summaries should hold: plain loops over the raw rows. No SQL, nothing shared."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from uuid import UUID

from loopctl_pipelines.demo.sample.rows import ReportRow

EpicOf = Mapping[tuple[UUID, UUID], UUID]
"""The epic of a (tenant, story); a story that is not the tenant's own is not in it."""

Breakdown = dict[str, dict[str, dict[str, int]]]
SummaryKey = tuple[UUID, str, UUID, date]


@dataclass
class Summary:
    """A row of cost_summaries without its id and timestamps."""

    period_end: date
    input_tokens: int = 0
    output_tokens: int = 0
    cost_millicents: int = 0
    reports: int = 0
    breakdown: Breakdown = field(default_factory=dict)
    average: int | None = None
    stale: bool = False


def live(reports: Iterable[ReportRow]) -> list[ReportRow]:
    """Return the reports that count: not deleted, nor the correction of one that is."""
    kept = {(report.tenant_id, report.id) for report in reports if report.deleted_at is None}
    return [
        report
        for report in reports
        if report.deleted_at is None
        and (
            report.corrects_report_id is None
            or (report.tenant_id, report.corrects_report_id) in kept
        )
    ]


def summaries(
    reports: Iterable[ReportRow], epic_of: EpicOf, days: set[date]
) -> dict[SummaryKey, Summary]:
    """Return every row that the rollup of these days leaves."""
    rows: dict[SummaryKey, Summary] = {}
    stories: defaultdict[SummaryKey, set[UUID]] = defaultdict(set)
    for report in live(list(reports)):
        day = report.inserted_at.date()
        if day not in days:
            continue
        scopes = {
            "agent": report.agent_id,
            "epic": epic_of.get((report.tenant_id, report.story_id)),
            "project": report.project_id,
        }
        for scope_type, scope_id in scopes.items():
            if scope_id is not None:
                key = (report.tenant_id, scope_type, scope_id, day)
                _count(rows.setdefault(key, Summary(day)), report)
                stories[key].add(report.story_id)
    for key, row in rows.items():
        if key[1] != "agent":
            row.average = math.trunc(Fraction(row.cost_millicents, len(stories[key])))
    return rows


def _count(row: Summary, report: ReportRow) -> None:
    phases = row.breakdown.setdefault(report.model_name, {})
    cell = phases.setdefault(
        report.phase, {"input_tokens": 0, "output_tokens": 0, "cost_millicents": 0}
    )
    cell["input_tokens"] += report.input_tokens
    cell["output_tokens"] += report.output_tokens
    cell["cost_millicents"] += report.cost_millicents
    row.input_tokens += report.input_tokens
    row.output_tokens += report.output_tokens
    row.cost_millicents += report.cost_millicents
    row.reports += 1
