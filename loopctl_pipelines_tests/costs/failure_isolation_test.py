"""One tenant's failure is its own, and of a range of days only the bad day's."""

from datetime import date, timedelta

import pytest

from loopctl_pipelines.costs.errors import DetectionError, RollupError
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.summaries.rollup import DaySummarized, roll_up
from loopctl_pipelines.costs.tenant_work.per_tenant import Failed, Landed, run_per_tenant
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.runs import (
    detect,
    physical_rows,
    roll_up_all,
    stored_summaries,
    unit,
)
from loopctl_pipelines_tests.costs.summaries import oracle
from loopctl_pipelines_tests.usage import Usage, id_of

FIRST = date(2026, 4, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(7)]
BAD = DAYS[4]
BIGINT_MAX = 2**63 - 1
UNITS = [unit(slug, DAYS[0], DAYS[-1]) for slug in ("a", "b", "c")]


@pytest.fixture
def usage(database: Database) -> Usage:
    """Give three tenants with reports on seven days."""
    usage = Usage()
    for slug in ("a", "b", "c"):
        for day in DAYS:
            usage.report(slug, day, 1000)
    usage.write(database)
    return usage


def _overflow(usage: Usage, database: Database, column: str = "cost") -> None:
    """Have `b`'s bad day overflow in its project; each agent and epic still fits."""
    big = {"cost": 1, "input": 1, "output": 1} | {column: BIGINT_MAX}
    for name in ("x", "y"):
        usage.report(
            "b",
            BAD,
            big["cost"],
            agent=name,
            epic=name,
            model="secret-model",
            tokens=(big["input"] - 1, big["output"] - 1),
        )
    usage.write(database)


def _run(
    database: Database, units: list[TenantDays]
) -> tuple[list[Landed[DaySummarized]], list[Failed]]:
    ended = list(run_per_tenant(database, units, roll_up, RollupError))
    return (
        [end for end in ended if isinstance(end, Landed)],
        [end for end in ended if isinstance(end, Failed)],
    )


@pytest.mark.parametrize("column", ["cost", "input", "output"])
def test_of_all_tenants_and_days_only_the_one_that_overflows_fails(
    database: Database, usage: Usage, column: str
) -> None:
    _overflow(usage, database, column)
    landed, failed = _run(database, UNITS)
    assert [(end.unit.tenant.slug, end.unit.first, end.unit.last) for end in failed] == [
        ("b", BAD, BAD)
    ]
    done = sorted((end.unit.tenant.slug, day.day) for end in landed for day in end.days)
    wanted = {(slug, day) for slug in ("a", "b", "c") for day in DAYS} - {("b", BAD)}
    assert done == sorted(wanted)
    good = [r for r in usage.reports if r.tenant_id != id_of("b") or r.inserted_at.date() != BAD]
    assert stored_summaries(database) == oracle.summaries(good, usage.epic_of(), set(DAYS))


def test_a_failure_names_tenant_day_and_cause_and_nothing_of_the_rows(
    database: Database, usage: Usage
) -> None:
    _overflow(usage, database)
    _, (failed,) = _run(database, UNITS)
    assert str(failed.error) == (
        "Rollup of tenant 'b' for 2026-04-05 failed: a sum or a count does not fit its column "
        "(SQLSTATE 22003). Nothing of it was written; repair the cause, then materialize the "
        "failed partitions again."
    )
    assert failed.error.__cause__ is None
    assert failed.error.__context__ is None


def test_what_a_failed_day_held_before_stays_and_the_repaired_day_lands(
    database: Database, usage: Usage
) -> None:
    roll_up_all(database, UNITS)
    before = physical_rows(database)
    right = stored_summaries(database)
    _overflow(usage, database)
    _run(database, UNITS)
    assert physical_rows(database) == before
    with database.tenant_transaction(id_of("b")) as connection:
        connection.execute(
            "UPDATE token_usage_reports SET cost_millicents = 5 WHERE model_name = 'secret-model'"
        )
    (landed,), failed = _run(database, [unit("b", BAD)])
    assert (failed, landed.days[0].cost_millicents) == ([], 1010)
    repaired = stored_summaries(database)
    assert repaired.keys() > right.keys()
    assert {key for key in right if repaired[key] != right[key]} == {
        (id_of("b"), "project", id_of("b", "project"), BAD)
    }


def test_a_detection_that_overflows_fails_for_its_tenant_alone(
    database: Database, usage: Usage
) -> None:
    roll_up_all(database, UNITS)
    for _ in range(2):
        usage.report("b", BAD, BIGINT_MAX)
    usage.write(database)
    ended = list(run_per_tenant(database, UNITS, detect, DetectionError))
    (failed,) = [end for end in ended if isinstance(end, Failed)]
    assert str(failed.error).startswith("Anomaly detection of tenant 'b' for 2026-04-05 failed: ")
    assert str(BIGINT_MAX) not in str(failed.error)
