"""Days that are archived are final: the rollup leaves them as they are."""

from datetime import date, timedelta

import pytest
from psycopg.errors import InsufficientPrivilege

from loopctl_pipelines.costs.display.metadata import summarized_metadata
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.runs import (
    detect_all,
    roll_up_all,
    stored_anomalies,
    stored_summaries,
    unit,
)
from loopctl_pipelines_tests.usage import Usage, id_of

DAYS = [date(2026, 4, 1) + timedelta(days=n) for n in range(5)]
WHOLE = unit("a", DAYS[0], DAYS[-1])


@pytest.fixture(autouse=True)
def usage(database: Database) -> Usage:
    """Give tenants `a` and `b` summaries of five days."""
    usage = Usage()
    for slug in ("a", "b"):
        for day in DAYS:
            usage.report(slug, day, 1000)
    usage.write(database)
    roll_up_all(database, [WHOLE, unit("b", DAYS[0], DAYS[-1])])
    return usage


def _archive(database: Database, day: date) -> None:
    with database.tenant_transaction(id_of("a")) as connection:
        connection.execute(
            "INSERT INTO loopctl_pipelines.archived_days VALUES (%s, %s, now())", [id_of("a"), day]
        )


def _change(database: Database, query: str) -> None:
    with database.operator_transaction() as connection:
        connection.execute(query.encode())


@pytest.mark.parametrize("archived", [0, 1, 3, 5])
def test_a_rollup_computes_the_days_that_are_not_archived_and_no_others(
    database: Database, archived: int
) -> None:
    before = stored_summaries(database)
    _archive(database, DAYS[0] + timedelta(days=archived))
    _change(database, "UPDATE token_usage_reports SET deleted_at = now()")
    done = roll_up_all(database, [WHOLE])
    assert [day.day for day in done] == DAYS
    assert [day.archived for day in done] == [n < archived for n in range(5)]
    kept = {key: row for key, row in before.items() if key[0] != id_of("a")}
    kept |= {key: row for key, row in before.items() if key[3] in DAYS[:archived]}
    assert stored_summaries(database) == kept


def test_nothing_about_an_archived_day_is_stale_after_a_rollup_of_it(database: Database) -> None:
    _archive(database, DAYS[2])
    _change(database, "UPDATE cost_summaries SET stale = true")
    roll_up_all(database, [WHOLE])
    stale = {key[0] for key, row in stored_summaries(database).items() if row.stale}
    assert stale == {id_of("b")}


def test_an_archived_day_is_described_without_numbers(database: Database) -> None:
    _archive(database, DAYS[1])
    first, second, *_ = roll_up_all(database, [WHOLE])
    assert summarized_metadata(first).keys() == {"archived"}
    assert "archived" not in summarized_metadata(second)


def test_the_detection_leaves_the_anomalies_of_an_archived_day(
    database: Database, usage: Usage
) -> None:
    for n, cost in enumerate((9000, 250, 250, 250, 250)):
        usage.report("a", DAYS[0], cost, story=f"s{n}", epic="f")
    usage.write(database)
    roll_up_all(database, [WHOLE])
    detect_all(database, [WHOLE])
    before = stored_anomalies(database)
    assert len(before) == 1
    _archive(database, DAYS[1])
    _change(database, "UPDATE token_usage_reports SET deleted_at = now()")
    first, *others = detect_all(database, [WHOLE])
    assert stored_anomalies(database) == before
    assert first.archived
    assert not any(day.archived for day in others)


def test_a_tenant_sees_and_moves_its_own_days_only(database: Database) -> None:
    _archive(database, DAYS[1])
    with database.tenant_transaction(id_of("b")) as connection:
        rows = connection.execute("SELECT FROM loopctl_pipelines.archived_days").fetchall()
        moved = connection.execute("UPDATE loopctl_pipelines.archived_days SET updated_at = now()")
    assert (rows, moved.rowcount) == ([], 0)
    with (
        pytest.raises(InsufficientPrivilege, match="row-level security"),
        database.tenant_transaction(id_of("b")) as connection,
    ):
        connection.execute(
            "INSERT INTO loopctl_pipelines.archived_days VALUES (%s, %s, now())",
            [id_of("c"), DAYS[1]],
        )
