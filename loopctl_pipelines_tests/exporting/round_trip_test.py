"""What is exported and loaded elsewhere adds up to the same."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.exporting.export import FileFormat, export, whole_file
from loopctl_pipelines.exporting.stored_rows import summary_rows
from loopctl_pipelines.exporting.summary_row import Scope
from loopctl_pipelines.loading.load import load
from loopctl_pipelines.loading.presets import Format
from loopctl_pipelines.loading.reading_options import ReadingOptions
from loopctl_pipelines.loading.usage_files import read_usage_file
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines_tests.conftest import ROLE, NewDatabase
from loopctl_pipelines_tests.costs.runs import roll_up_all, unit
from loopctl_pipelines_tests.usage import Usage

FIRST = date(2026, 1, 1)
LAST = FIRST + timedelta(days=70)
_TOTALS = """
    SELECT tenant.slug, report.day::text, report.model_name, count(*) > 0,
        sum(cost_millicents), sum(input_tokens), sum(output_tokens)
    FROM loopctl_pipelines.live_reports AS report
    JOIN tenants AS tenant ON tenant.id = report.tenant_id
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


@pytest.fixture
def summarized(database: Database) -> Database:
    """Two tenants with summaries in three months, of several projects' worth of scopes."""
    usage = Usage()
    usage.tenant("idle", "suspended")
    for slug in ("-acme", "zeta"):
        for number in range(24):
            usage.report(
                slug,
                FIRST + timedelta(days=3 * number),
                12_345 + 7 * number,
                epic=f"=epic {number % 3}",
                agent=f"+agent {number % 2}",
                model=("gpt-5", "@glm", "None")[number % 3],
                phase=("planning", "other")[number % 2],
                tokens=(1000 + number, number),
            )
        # alike but for the phase, which a load does not know
        for phase in ("planning", "reviewing"):
            usage.report(slug, FIRST, 500, model="gpt-5", phase=phase, epic="twins")
        usage.report(slug, LAST, -200, tokens=(0, 0))
        usage.report(slug, LAST, 900, deleted=True)
    usage.write(database)
    roll_up_all(database, [unit(slug, FIRST, LAST) for slug in ("-acme", "zeta")])
    return database


def exported(database: Database, path: Path, *scopes: Scope) -> Path:
    tenants = list_tenants(database).values()
    with whole_file(path) as file:
        rows = summary_rows(database, tenants, (FIRST, LAST), scopes)
        export(rows, FileFormat(path.suffix[1:]), file)
    return path


def totals(database: Database) -> list[tuple[object, ...]]:
    with database.operator_transaction() as connection:
        return connection.execute(_TOTALS).fetchall()


@pytest.mark.parametrize("name", ["costs.csv", "costs.json"])
@pytest.mark.parametrize("scope", Scope)
def test_an_export_that_is_loaded_elsewhere_adds_up_to_the_same(
    summarized: Database, new_database: NewDatabase, tmp_path: Path, name: str, scope: Scope
) -> None:
    path = exported(summarized, tmp_path / name, scope)
    options = ReadingOptions(columns={}, preset=Format.LOOPCTL_SUMMARIES)
    with new_database() as url:
        other = Database(url, ROLE)
        load(other, read_usage_file(path, options))
        # slugs of other letters are made plain when they are loaded, as is a model called None
        plain = [("acme" if slug == "-acme" else slug, *rest) for slug, *rest in totals(summarized)]
        spelled = {"@glm": "'@glm" if name.endswith("csv") else "@glm", "None": "(none)"}
        wanted = [
            (slug, day, spelled.get(str(model), model), *rest) for slug, day, model, *rest in plain
        ]
        assert totals(other) == sorted(wanted, key=lambda row: tuple(map(str, row[:3])))
        other.close()


def test_each_scope_adds_up_to_the_same(summarized: Database) -> None:
    tenants = list_tenants(summarized).values()
    costs: Counter[str] = Counter()
    for row in summary_rows(summarized, tenants, (FIRST, LAST), list(Scope)):
        costs[row.scope] += row.cost_millicents
    assert len(set(costs.values())) == 1
    assert len(costs) == len(Scope)


def test_a_row_is_a_day_a_scope_a_model_and_a_phase_in_order(summarized: Database) -> None:
    [tenant] = [each for slug, each in list_tenants(summarized).items() if slug == "zeta"]
    rows = list(summary_rows(summarized, [tenant], (FIRST, FIRST), list(Scope)))
    assert [(r.scope, r.scope_name, r.model, r.phase, r.cost_millicents) for r in rows] == [
        ("project", "p", "gpt-5", "planning", 12_845),
        ("project", "p", "gpt-5", "reviewing", 500),
        ("epic", "=epic 0", "gpt-5", "planning", 12_345),
        ("epic", "twins", "gpt-5", "planning", 500),
        ("epic", "twins", "gpt-5", "reviewing", 500),
        ("agent", "+agent 0", "gpt-5", "planning", 12_345),
        ("agent", "a", "gpt-5", "planning", 500),
        ("agent", "a", "gpt-5", "reviewing", 500),
    ]


def test_no_transaction_is_open_while_rows_are_taken(
    summarized: Database, database_url: str
) -> None:
    rows = summary_rows(summarized, list_tenants(summarized).values(), (FIRST, LAST), [Scope.AGENT])
    next(rows)
    with psycopg.connect(database_url, autocommit=True) as connection:
        busy = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state LIKE 'idle in%'"
        ).fetchone()
    assert busy == (0,)
