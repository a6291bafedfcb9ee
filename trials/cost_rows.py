"""Compares costs and anomalies with the reports, in plain Python."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.demo.sample.rows import ReportRow
from loopctl_pipelines_tests.costs.anomalies.anomaly_oracle import found_anew
from loopctl_pipelines_tests.costs.runs import stored_anomalies, stored_summaries
from loopctl_pipelines_tests.costs.summaries import oracle

TenantDay = tuple[UUID, date]


@dataclass(frozen=True)
class Reports:
    """The reports of some days, as they are in the database, and the epic of every story."""

    rows: list[ReportRow]
    epic_of: dict[tuple[UUID, UUID], UUID]
    days: frozenset[date]


def read_reports(database: Database, days: Collection[date]) -> Reports:
    """Read the reports of these days, deleted ones too."""
    with database.operator_transaction() as connection:
        rows = connection.execute(
            "SELECT id, tenant_id, story_id, agent_id, project_id, input_tokens, output_tokens,"
            " model_name, cost_millicents, phase, tool_call_count, inserted_at, deleted_at,"
            " corrects_report_id FROM token_usage_reports WHERE inserted_at::date = ANY(%s)",
            [list(days)],
        ).fetchall()
        epics = connection.execute("SELECT tenant_id, id, epic_id FROM stories").fetchall()
    epic_of = {(tenant, story): epic for tenant, story, epic in epics}
    return Reports([ReportRow(*row) for row in rows], epic_of, frozenset(days))


def wrong_days(
    database: Database, reports: Reports, *, unless_stale: Collection[date] = ()
) -> dict[TenantDay, str]:
    """Return the days of tenants whose summaries are not the reports', each with the difference.

    Args:
        database: loopctl's database.
        reports: the reports of the days to compare.
        unless_stale: days on which a stale row may have old figures.
    """
    expected = oracle.summaries(reports.rows, reports.epic_of, set(reports.days))
    stored = {k: v for k, v in stored_summaries(database).items() if k[3] in reports.days}
    wrong = dict[TenantDay, str]()
    for key in expected.keys() | stored.keys():
        tenant, scope, _, day = key
        found, wanted = stored.get(key), expected.get(key)
        if found and found.stale and day in unless_stale:
            continue
        if found is None or wanted is None or replace(found, stale=False) != wanted:
            wrong[tenant, day] = f"{scope} of {day}: {found} instead of {wanted}"
    return wrong


def stale_days(database: Database, days: Collection[date]) -> set[TenantDay]:
    """Return the days of tenants that have a stale row."""
    return {
        (key[0], key[3])
        for key, row in stored_summaries(database).items()
        if row.stale and key[3] in days
    }


def anomaly_faults(database: Database, reports: Reports) -> list[tuple[str, str]]:
    """Return (kind of fault, sentence) where anomalies or their audit rows are not right.

    All days have been computed again after the latest change.
    """
    stored = {
        key: row
        for key, row in stored_anomalies(database).items()
        if row.figures.period in reports.days
    }
    found = found_anew(reports.rows, reports.epic_of, reports.days)
    faults = [
        ("lost", f"anomaly {key}: {stored.get(key)} instead of {found.get(key)}")
        for key in stored.keys() | found.keys()
        if stored.get(key) != found.get(key)
    ]
    with database.operator_transaction() as connection:
        written = connection.execute(
            "SELECT id, 'detected' FROM cost_anomalies"
            " UNION ALL SELECT id, 'resolved' FROM cost_anomalies WHERE resolved"
        ).fetchall()
        audited = connection.execute(
            "SELECT entity_id, action FROM audit_log WHERE entity_type = 'cost_anomaly'"
        ).fetchall()
    expected, there = Counter(written), Counter(audited)
    faults += [("lost", f"audit row {row} of an anomaly") for row in expected - there]
    faults += [("doubled", f"audit row {row} of an anomaly") for row in there - expected]
    return faults
