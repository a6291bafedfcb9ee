"""The real usage files, computed by the statements and by the plain loop."""

from datetime import timedelta
from pathlib import Path

import pytest
from psycopg.rows import args_row

from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.demo.sample.rows import ReportRow
from loopctl_pipelines.loading.load import load
from loopctl_pipelines.loading.usage_files import read_usage_file
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines_tests.costs.anomalies.anomaly_oracle import found_anew
from loopctl_pipelines_tests.costs.runs import (
    detect_all,
    roll_up_all,
    stored_anomalies,
    stored_summaries,
)
from loopctl_pipelines_tests.costs.summaries import oracle

_REPORTS = (
    "SELECT id, tenant_id, story_id, agent_id, project_id, input_tokens, output_tokens,"
    " model_name, cost_millicents, phase, tool_call_count, inserted_at, deleted_at,"
    " corrects_report_id FROM token_usage_reports"
)


@pytest.mark.parametrize("name", ["agent_calls.csv.gz", "agent_tasks.csv.gz"])
def test_a_real_file_is_summarized_and_compared_as_a_loop_over_its_rows_does(
    database: Database, shared_folder: Path, name: str
) -> None:
    load(database, read_usage_file(shared_folder / "data" / name))
    with database.operator_transaction() as connection:
        reports = connection.cursor(row_factory=args_row(ReportRow)).execute(_REPORTS).fetchall()
        stories = connection.execute("SELECT tenant_id, id, epic_id FROM stories").fetchall()
    epic_of = {(tenant, story): epic for tenant, story, epic in stories}
    moments = [report.inserted_at for report in reports]
    first, last = min(moments).date(), max(moments).date()
    units = [TenantDays(tenant, first, last) for tenant in list_tenants(database).values()]
    days = {first + timedelta(days=n) for n in range((last - first).days + 1)}

    done = roll_up_all(database, units)
    detect_all(database, units)

    expected = oracle.summaries(reports, epic_of, days)
    assert stored_summaries(database) == expected
    assert len(expected) > len(days)
    assert sum(day.cost_millicents for day in done) == sum(r.cost_millicents for r in reports)
    assert sum(day.reports for day in done) == len(reports)
    found = found_anew(reports, epic_of, days)
    assert stored_anomalies(database) == found
    assert found
