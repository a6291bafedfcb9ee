"""The sample arrives in the database whole, once, and only where it belongs."""

from collections.abc import Iterator
from dataclasses import asdict, astuple, replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from psycopg import sql

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.detection import detect_anomalies
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.summaries.rollup import roll_up
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.demo.errors import DemoRefusedError
from loopctl_pipelines.demo.fill import Filled, fill
from loopctl_pipelines.demo.sample.rows import PlantedAnomaly, Sample
from loopctl_pipelines.demo.sample.sample import generate
from loopctl_pipelines.tenants.operator_queries import list_tenants

LAST_DAY = date(2026, 4, 2)
FIRST_DAY = LAST_DAY - timedelta(days=1)
TABLES = ("tenants", "agents", "projects", "epics", "stories", "token_usage_reports")


@pytest.fixture(scope="module")
def sample() -> Sample:
    return generate(last_day=LAST_DAY, days=2)


def stored(database: Database, table: str) -> int:
    with database.operator_transaction() as connection:
        counted = connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        ).fetchone()
    assert counted is not None
    return int(counted[0])


def detected(database: Database) -> Iterator[PlantedAnomaly]:
    """Run the rollup and the detection of active tenants, and yield the open anomalies."""
    for tenant in list_tenants(database).values():
        if not tenant.is_active:
            continue
        with database.tenant_transaction(tenant.id) as connection:
            for day in (FIRST_DAY, LAST_DAY):
                unit = TenantDays(tenant, day, day)
                roll_up(connection, unit)
                detect_anomalies(connection, unit, rule=AnomalyRule())
            rows = connection.execute(
                "SELECT (metadata->>'period')::date, story_id, anomaly_type FROM cost_anomalies"
            ).fetchall()
        for day, story_id, anomaly_type in rows:
            yield PlantedAnomaly(tenant.slug, day, story_id, anomaly_type)


def test_every_row_arrives_and_the_counts_say_so(database: Database, sample: Sample) -> None:
    filled = fill(database, sample)
    assert filled == Filled(
        tenants=len(sample.tenants),
        agents=len(sample.agents),
        projects=len(sample.projects),
        epics=len(sample.epics),
        stories=len(sample.stories),
        reports=len(sample.reports),
    )
    assert tuple(stored(database, table) for table in TABLES) == astuple(filled)


def test_a_report_is_stored_as_it_was_generated(database: Database, sample: Sample) -> None:
    fill(database, sample)
    corrected = next(row for row in sample.reports if row.corrects_report_id)
    deleted = next(row for row in sample.reports if row.deleted_at)
    for report in (sample.reports[0], corrected, deleted):
        columns = sql.SQL(", ").join(map(sql.Identifier, asdict(report)))
        with database.tenant_transaction(report.tenant_id) as connection:
            row = connection.execute(
                sql.SQL("SELECT {} FROM token_usage_reports WHERE id = %s").format(columns),
                [report.id],
            ).fetchone()
        assert row == astuple(report)


def test_filling_twice_adds_nothing(database: Database, sample: Sample) -> None:
    fill(database, sample)
    before = [stored(database, table) for table in TABLES]
    assert fill(database, sample) == Filled(0, 0, 0, 0, 0, 0)
    assert [stored(database, table) for table in TABLES] == before


def test_a_later_sample_adds_only_its_new_days(database: Database, sample: Sample) -> None:
    fill(database, sample)
    later = generate(last_day=LAST_DAY + timedelta(days=1), days=2)
    new = sum(report.inserted_at.date() > LAST_DAY for report in later.reports)
    assert fill(database, later) == Filled(0, 0, 0, 0, 0, reports=new)


def test_a_tenant_sees_only_its_own_reports(database: Database, sample: Sample) -> None:
    fill(database, sample)
    tenant = sample.tenants[3]
    with database.tenant_transaction(tenant.id) as connection:
        seen = connection.execute("SELECT id FROM token_usage_reports").fetchall()
    own = {report.id for report in sample.reports if report.tenant_id == tenant.id}
    assert {row[0] for row in seen} == own


def test_detection_finds_what_was_planted_and_nothing_else(
    database: Database, sample: Sample
) -> None:
    fill(database, sample)
    assert sorted(map(str, detected(database))) == sorted(map(str, sample.planted))


def test_a_database_with_other_tenants_is_refused_and_left_alone(
    database: Database, sample: Sample
) -> None:
    foreign = replace(
        sample.tenants[0], id=UUID(int=1), slug="somebody", email="somebody@else.example"
    )
    fill(database, Sample((foreign,), (), (), (), (), (), ()))
    with pytest.raises(DemoRefusedError, match=r"\(1\): nothing was written.*LOOPCTL_DATABASE_URL"):
        fill(database, sample)
    assert stored(database, "tenants") == 1
    assert stored(database, "token_usage_reports") == 0


def test_the_sample_of_another_seed_is_refused(database: Database, sample: Sample) -> None:
    fill(database, sample)
    with pytest.raises(DemoRefusedError):
        fill(database, generate(8, last_day=LAST_DAY, days=1))


def test_budgets_of_projects_and_stories_are_written_once(
    database: Database, sample: Sample
) -> None:
    for _ in range(2):
        fill(database, sample)
    assert stored(database, "token_budgets") == len(sample.budgets)
    assert {budget.scope_type for budget in sample.budgets} == {"project", "story"}
