"""Real usage files arrive to the millicent, once, each tenant's rows under its own name."""

import csv
import gzip
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.demo.fill import fill
from loopctl_pipelines.demo.sample.sample import generate
from loopctl_pipelines.loading.errors import UsageFileError
from loopctl_pipelines.loading.load import Loaded, load
from loopctl_pipelines.loading.reading_options import ReadingOptions
from loopctl_pipelines.loading.usage_files import read_usage_file
from loopctl_pipelines.tenants.operator_queries import list_tenants

REAL = Path(__file__).parents[3] / "shared" / "data"
REAL_FILES = ("agent_calls.csv.gz", "agent_tasks.csv.gz")
real_files = pytest.mark.skipif(not REAL.is_dir(), reason="real usage files are not here")

HEADER = "tenant,project,epic,story,agent,model,at,cost"
ROWS = (
    "Acme,Shop,Search,Find it,Ada,glm-5,2026-01-02T03:04:05Z,0.25",
    "Acme,Shop,Search,Find it,Ada,glm-5,2026-01-02T03:04:05Z,0.25",
    "Acme,Shop,Search,Sort it,Bob,glm-5,2026-01-02T03:04:05Z,0.5",
    "Acme,Shop,Cart,Find it,Bob,glm-5,2026-01-02T03:04:05Z,1",
    "Zeta,Shop,Search,Find it,Ada,glm-5,2026-01-02T03:04:05Z,2",
)
NOTHING = Loaded(0, 0, 0, 0, 0, 0)


@pytest.fixture
def usage(tmp_path: Path) -> Path:
    return written(tmp_path / "usage.csv", *ROWS)


def load_file(database: Database, path: Path) -> Loaded:
    return load(database, read_usage_file(path))


def written(path: Path, *rows: str) -> Path:
    path.write_text("\n".join((HEADER, *rows)), encoding="utf-8")
    return path


def stories(connection: TenantConnection) -> list[tuple[str, ...]]:
    return connection.execute(
        "SELECT project.slug, epic.number || ' ' || epic.title, story.number || ' ' || story.title,"
        " agent.name, sum(report.cost_millicents)::text"
        " FROM token_usage_reports AS report"
        " JOIN stories AS story ON story.id = report.story_id"
        " JOIN epics AS epic ON epic.id = story.epic_id"
        " JOIN projects AS project ON project.id = report.project_id"
        " AND project.id = epic.project_id AND project.id = story.project_id"
        " JOIN agents AS agent ON agent.id = report.agent_id"
        " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
    ).fetchall()


def test_everything_that_a_file_names_is_made(database: Database, usage: Path) -> None:
    assert load_file(database, usage) == Loaded(
        tenants=2, agents=3, projects=2, epics=3, stories=4, reports=5
    )
    acme, zeta = list_tenants(database).values()
    assert (acme.slug, acme.name, acme.status) == ("acme", "Acme", "active")
    with database.tenant_transaction(acme.id) as connection:
        assert stories(connection) == [
            ("shop", "1 Cart", "1.1 Find it", "Bob", "100000"),
            ("shop", "2 Search", "2.1 Find it", "Ada", "50000"),
            ("shop", "2 Search", "2.2 Sort it", "Bob", "50000"),
        ]
    with database.tenant_transaction(zeta.id) as connection:
        assert stories(connection) == [("shop", "1 Search", "1.1 Find it", "Ada", "200000")]


def test_a_second_load_adds_nothing(database: Database, usage: Path) -> None:
    load_file(database, usage)
    assert load_file(database, usage) == NOTHING


def test_a_file_that_has_grown_adds_only_what_is_new(
    database: Database, usage: Path, tmp_path: Path
) -> None:
    load_file(database, usage)
    new = "Acme,Shop,About,Who we are,Bob,glm-5,2026-01-03,1"
    more = ROWS[0].replace("Find it", "Lose it")
    grown = written(tmp_path / "grown.csv", new, more, *ROWS)
    assert load_file(database, grown) == replace(NOTHING, epics=1, stories=2, reports=2)
    with database.tenant_transaction(list_tenants(database)["acme"].id) as connection:
        numbered = {row[1:3] for row in stories(connection)}
    assert {("3 About", "3.1 Who we are"), ("2 Search", "2.3 Lose it")} <= numbered


def test_a_tenant_that_is_there_gets_the_usage_beside_what_it_has(
    database: Database, tmp_path: Path
) -> None:
    sample = generate(last_day=date(2026, 4, 2), days=1)
    fill(database, sample)
    tenant = sample.tenants[0]
    epic = next(row for row in sample.epics if row.tenant_id == tenant.id)
    story = next(row for row in sample.stories if row.epic_id == epic.id)
    project = next(row for row in sample.projects if row.id == epic.project_id)
    agent = next(row for row in sample.agents if row.tenant_id == tenant.id)
    where = f"{tenant.slug},{project.name},{epic.title}"
    path = written(
        tmp_path / "usage.csv",
        f"{where},{story.title},{agent.name},glm-5,2020-01-01,1",
        f"{where},A new one,{agent.name},glm-5,2020-01-01,1",
    )
    assert load_file(database, path) == replace(NOTHING, stories=1, reports=2)
    with database.tenant_transaction(tenant.id) as connection:
        loaded = connection.execute(
            "SELECT story.number FROM token_usage_reports AS report"
            " JOIN stories AS story ON story.id = report.story_id"
            " WHERE report.inserted_at < '2021-01-01' ORDER BY story.sort_key"
        ).fetchall()
    assert loaded == [(story.number,), (f"{epic.number}.25",)]


def test_a_file_with_a_bad_line_loads_nothing(database: Database, tmp_path: Path) -> None:
    path = written(tmp_path / "usage.csv", *ROWS, ROWS[0].replace("0.25", "free"))
    with pytest.raises(UsageFileError, match="Line 7, column 'cost': 'free' is not a number"):
        load_file(database, path)
    assert list_tenants(database) == {}


def test_what_postgresql_refuses_is_said_without_its_text(database: Database, usage: Path) -> None:
    with database.operator_transaction() as connection:
        connection.execute("ALTER TABLE stories ADD CHECK (title <> 'Sort it')")
    with pytest.raises(UsageFileError, match=r"tenant 'acme' \(SQLSTATE 23514\)") as refused:
        load_file(database, usage)
    assert "Sort it" not in str(refused.value)
    assert refused.value.__cause__ is refused.value.__context__ is None
    with database.tenant_transaction(list_tenants(database)["acme"].id) as connection:
        assert connection.execute("SELECT FROM agents").fetchall() == []


@real_files
@pytest.mark.parametrize("name", REAL_FILES)
def test_a_real_file_arrives_to_the_millicent(database: Database, name: str) -> None:
    costs: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    without_cost = 0
    with gzip.open(REAL / name, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not row["cost_usd"]:
                without_cost += 1
                continue
            millicents = Decimal(row["cost_usd"]) * 100_000
            costs[row["agent"]] += int(millicents.quantize(Decimal(1), ROUND_HALF_UP))
            rows[row["agent"]] += 1
            tokens[row["agent"]] += int(row.get("input_tokens", 0)) + int(
                row.get("output_tokens", 0)
            )
    usage = read_usage_file(REAL / name)
    loaded = load(database, usage)
    assert (len(usage.rows), loaded.reports) == (rows.total(), rows.total())
    left_out = f"rows without a cost, left out: {without_cost:,} "
    assert any(left_out in remark for remark in usage.remarks) == (without_cost > 0)
    assert loaded.tenants == len(rows)
    for tenant in list_tenants(database).values():
        with database.tenant_transaction(tenant.id) as connection:
            stored = connection.execute(
                "SELECT sum(cost_millicents), count(*), sum(total_tokens) FROM token_usage_reports"
            ).fetchone()
        assert stored == (costs[tenant.name], rows[tenant.name], tokens[tenant.name])


@real_files
@pytest.mark.parametrize("name", REAL_FILES)
def test_a_real_file_loaded_twice_adds_nothing(database: Database, name: str) -> None:
    assert load_file(database, REAL / name).reports > 0
    assert load_file(database, REAL / name) == NOTHING


@real_files
def test_a_real_task_without_a_repository_is_in_the_epic_none(database: Database) -> None:
    load_file(database, REAL / "agent_tasks.csv.gz")
    with database.tenant_transaction(list_tenants(database)["openhands"].id) as connection:
        projects = connection.execute(
            "SELECT project.slug FROM epics AS epic"
            " JOIN projects AS project ON project.id = epic.project_id"
            " WHERE epic.title = '(none)' ORDER BY 1"
        ).fetchall()
    assert projects == [("commit0",), ("gaia",)]


@real_files
def test_a_third_file_loads_once_its_columns_are_named(database: Database) -> None:
    columns = {"tenant": "edit_format", "story": "run", "at": "started_utc"}
    usage = read_usage_file(REAL / "agent_runs_aider.csv.gz", ReadingOptions(columns))
    assert load(database, usage).reports == len(usage.rows) > 0
