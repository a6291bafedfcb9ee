"""Epics whose stories deviate, and what the detection leaves of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.detection import DayCompared
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.runs import detect_all, roll_up_all, unit
from loopctl_pipelines_tests.usage import Usage, id_of

DAY = date(2026, 4, 2)
NEXT = date(2026, 4, 3)
# of an average of 2000, the first story is 4.50 times it, the others are between 0.1 and 3.0
ONE_HIGH = (9000, 250, 250, 250, 250)


def story(name: str = "s0") -> UUID:
    """Return the id of a story that `spend` made."""
    return id_of("a", "story", "e", name)


def spend(database: Database, costs: Sequence[int], day: date = DAY) -> None:
    """Have the stories s0, s1, ... of one epic cost this much (millicents) on the day.

    The day is rolled up. What the day cost before is deleted.
    """
    usage = Usage()
    usage.tenant("a")
    for n, cost in enumerate(costs):
        usage.report("a", day, cost, story=f"s{n}")
    with database.operator_transaction() as connection:
        (there,) = connection.execute("SELECT count(*) FROM token_usage_reports").fetchone() or (0,)
        connection.execute(
            "UPDATE token_usage_reports SET deleted_at = now() WHERE inserted_at::date = %s", [day]
        )
    usage.reports = [
        replace(row, id=id_of("report", str(there + n))) for n, row in enumerate(usage.reports)
    ]
    usage.write(database)
    roll_up_all(database, [unit("a", day)])


def detected(
    database: Database,
    first: date = DAY,
    last: date | None = None,
    rule: AnomalyRule | None = None,
) -> list[DayCompared]:
    """Detect the anomalies of a day, or of a range of days."""
    return detect_all(database, [unit("a", first, last)], rule)


def anomalies(database: Database) -> list[dict[str, Any]]:
    """Return all rows of cost_anomalies, the oldest first."""
    return _rows(database, "SELECT *, xmin::text FROM cost_anomalies ORDER BY inserted_at, id")


def audited(database: Database) -> list[dict[str, Any]]:
    """Return all rows of audit_log, the oldest first."""
    return _rows(database, "SELECT *, xmin::text FROM audit_log ORDER BY inserted_at, id")


def figures(database: Database) -> list[tuple[UUID, str, str]]:
    """Return story, type and stored factor of open anomalies, in the order of type and factor."""
    return sorted(
        (
            (row["story_id"], row["anomaly_type"], str(row["deviation_factor"]))
            for row in anomalies(database)
            if not row["resolved"]
        ),
        key=lambda row: row[1:],
    )


def change(database: Database, query: str) -> None:
    """Change the tenant's rows as loopctl or an operator does."""
    with database.tenant_transaction(id_of("a")) as connection:
        connection.execute(query.encode())


def _rows(database: Database, query: str) -> list[dict[str, Any]]:
    with database.operator_transaction() as connection:
        return connection.cursor(row_factory=dict_row).execute(query.encode()).fetchall()
