"""The page docs/observability.md lists the metrics that there are."""

import re
from datetime import date
from pathlib import Path

from dagster import DagsterInstance

from loopctl_pipelines.api.request_metrics import RequestMetrics
from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.observability.dagster_metrics import read_dagster
from loopctl_pipelines.observability.exposition import text_of
from loopctl_pipelines.observability.stored_metrics import read_stored
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.observability.samples import Samples

_PAGE = Path(__file__).parents[2] / "docs" / "observability.md"
_ROW = re.compile(r"^\| `(loopctl_\w+)` \| (\w+) \|", re.MULTILINE)


def test_the_page_has_each_metric_with_its_type(
    database: Database, instance: DagsterInstance
) -> None:
    job = build_definitions(Settings(), resources={"database": database}).resolve_job_def(
        DAILY_COSTS
    )
    days = (date(2026, 4, 1), date(2026, 4, 2))
    read = [
        *read_stored(database, Settings()).families(),
        *read_dagster(instance, job, [], days, {}),
    ]
    requests = RequestMetrics()
    requests.count("GET", "/health", 200, 0.01)
    text = f"{text_of(read).decode()}{requests.text().decode()}"
    assert Samples(text).names
    types = re.findall(r"^# TYPE (loopctl_\w+) (\w+)$", text, re.MULTILINE)
    there = {name: kind for name, kind in types if not name.endswith("_created")}
    assert dict(_ROW.findall(_PAGE.read_text(encoding="utf-8"))) == there


def test_the_rules_on_the_page_name_metrics_of_the_table() -> None:
    page = _PAGE.read_text(encoding="utf-8")
    table = dict(_ROW.findall(page))
    rules = page[page.index("## Alert rules") : page.index("## Logs as JSON")]
    named = {name.removesuffix("_bucket") for name in re.findall(r"\bloopctl_[a-z_]+", rules)}
    assert len(named) > 5
    assert named <= table.keys()
