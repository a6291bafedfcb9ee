"""The reference's algorithms, statement for statement, without its faults.

Six queries a tenant, one upsert a row, one tenant after the other, a commit for each statement.
"""

from collections import defaultdict
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb

from benchmarks.usage_generator import DAY
from loopctl_pipelines.database.statements import statement

_SCOPES = ("agent", "epic", "project")
_CENT = Decimal("0.01")
_HIGH, _LOW = Decimal("3.0"), Decimal("0.1")
_WINDOW = {
    "first": datetime.combine(DAY, time()),
    "last": datetime.combine(DAY + timedelta(days=1), time()) - timedelta(microseconds=1),
}
Connection = psycopg.Connection[DictRow]


def connect(url: str) -> Connection:
    """Return the connection that the algorithms work on."""
    return psycopg.connect(url, autocommit=True, row_factory=dict_row)


def roll_up(connection: Connection) -> None:
    """Write the summaries of the day."""
    for tenant_id in _tenants(connection):
        for scope in _SCOPES:
            asked = {"tenant_id": tenant_id, **_WINDOW}
            totals = _rows(connection, f"reference_totals_{scope}", asked)
            breakdowns = _breakdowns(_rows(connection, f"reference_breakdown_{scope}", asked))
            for row in totals:
                _execute(
                    connection, "reference_upsert", _summary(tenant_id, scope, row, breakdowns)
                )


def detect(connection: Connection) -> None:
    """Write the anomalies of the day, each with its audit row."""
    for tenant_id in _tenants(connection):
        asked = {"tenant_id": tenant_id, "day": DAY, **_WINDOW}
        averages = {
            row["epic_id"]: row["average"] for row in _rows(connection, "reference_epics", asked)
        }
        for story in _rows(connection, "reference_story_costs", asked):
            average = averages.get(story["epic_id"])
            if average is not None:
                _compare(connection, tenant_id, story, average)


def _compare(connection: Connection, tenant_id: UUID, story: DictRow, average: int) -> None:
    factor = Decimal(story["cost"]) / Decimal(average)
    kind = "high_cost" if factor > _HIGH else "suspiciously_low" if factor < _LOW else None
    if kind is None or story["cost"] < 0:
        return
    anomaly = {
        "id": uuid4(),
        "tenant_id": tenant_id,
        "story_id": story["story_id"],
        "anomaly_type": kind,
        "cost": story["cost"],
        "average": average,
        "factor": factor.quantize(_CENT, ROUND_HALF_UP),
        "now": datetime.now(),  # noqa: DTZ005 - loopctl's timestamps have no zone
    }
    found = _rows(connection, "reference_find_anomaly", anomaly)
    if found:
        _execute(connection, "reference_update_anomaly", {**anomaly, **found[0]})
        return
    _execute(connection, "reference_insert_anomaly", anomaly)
    shown = {
        "anomaly_type": kind,
        "story_id": str(story["story_id"]),
        "deviation_factor": str(anomaly["factor"]),
    }
    costs = {"story_cost_millicents": story["cost"], "reference_avg_millicents": average}
    audit = {
        "new_state": Jsonb(shown | costs),
        "metadata": Jsonb(shown | {"anomaly_id": str(anomaly["id"])}),
    }
    _execute(connection, "reference_audit", {**anomaly, **audit})


def _tenants(connection: Connection) -> list[UUID]:
    rows = connection.execute("SELECT id FROM tenants WHERE status = 'active' ORDER BY slug")
    return [row["id"] for row in rows.fetchall()]


def _rows(connection: Connection, name: str, asked: dict[str, Any]) -> list[DictRow]:
    return connection.execute(statement(__package__, name), asked).fetchall()


def _execute(connection: Connection, name: str, values: dict[str, Any]) -> None:
    connection.execute(statement(__package__, name), values)


def _breakdowns(rows: list[DictRow]) -> dict[UUID, dict[str, dict[str, dict[str, int]]]]:
    found: defaultdict[UUID, dict[str, dict[str, dict[str, int]]]] = defaultdict(dict)
    for row in rows:
        phases = found[row["scope_id"]].setdefault(row["model_name"], {})
        phases[row["phase"]] = {
            name: row[name] for name in ("input_tokens", "output_tokens", "cost_millicents")
        }
    return found


def _summary(
    tenant_id: UUID,
    scope: str,
    row: DictRow,
    breakdowns: dict[UUID, dict[str, dict[str, dict[str, int]]]],
) -> dict[str, Any]:
    # Elixir's div truncates toward zero
    average = int(Decimal(row["cost_millicents"]) / row["stories"]) if scope != "agent" else None
    return {
        **row,
        "id": uuid4(),
        "tenant_id": tenant_id,
        "scope_type": scope,
        "day": DAY,
        "breakdown": Jsonb(breakdowns[row["scope_id"]]),
        "average": average,
        "now": datetime.now(),  # noqa: DTZ005 - loopctl's timestamps have no zone
    }
