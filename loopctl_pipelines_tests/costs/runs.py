"""Runs the rollup and the detection for a test, and reads what they have stored."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from typing import TypeVar
from uuid import UUID

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.detection import DayCompared, detect_anomalies
from loopctl_pipelines.costs.errors import DetectionError, RollupError
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.summaries.rollup import DaySummarized, roll_up
from loopctl_pipelines.costs.tenant_work.per_tenant import Failed, Landed, Work, run_per_tenant
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines_tests.costs.anomalies.anomaly_oracle import Anomaly, AnomalyKey, Figures
from loopctl_pipelines_tests.costs.summaries.oracle import Summary, SummaryKey
from loopctl_pipelines_tests.usage import id_of

Done = TypeVar("Done")
detect: Work[DayCompared] = partial(detect_anomalies, rule=AnomalyRule())


def unit(
    slug: str, first: date, last: date | None = None, tenant: UUID | None = None
) -> TenantDays:
    """Return the unit of a tenant and a day, or a range of days."""
    return TenantDays(Tenant(tenant or id_of(slug), slug, slug, "active"), first, last or first)


def roll_up_all(database: Database, units: Sequence[TenantDays]) -> list[DaySummarized]:
    """Roll all units up; none of them may fail."""
    return _landed(run_per_tenant(database, units, roll_up, RollupError))


def detect_all(
    database: Database, units: Sequence[TenantDays], rule: AnomalyRule | None = None
) -> list[DayCompared]:
    """Detect the anomalies of all units, by this or the default rule; none of them may fail."""
    work = partial(detect_anomalies, rule=rule) if rule else detect
    return _landed(run_per_tenant(database, units, work, DetectionError))


def _landed(ended: Iterable[Landed[Done] | Failed]) -> list[Done]:
    days: list[Done] = []
    for end in ended:
        assert isinstance(end, Landed), end.error
        days += end.days
    return days


def stored_summaries(database: Database) -> dict[SummaryKey, Summary]:
    """Return the whole table, of all tenants."""
    with database.operator_transaction() as connection:
        rows = connection.execute(
            "SELECT tenant_id, scope_type, scope_id, period_start, period_end, total_input_tokens,"
            " total_output_tokens, total_cost_millicents, report_count, model_breakdown,"
            " avg_cost_per_story_millicents, stale FROM cost_summaries"
        ).fetchall()
    return {row[:4]: Summary(*row[4:]) for row in rows}


def stored_anomalies(database: Database) -> dict[AnomalyKey, Anomaly]:
    """Return the open anomalies of all tenants."""
    return {
        key: row for key, rows in all_anomalies(database).items() for row in rows if not row.ended
    }


def all_anomalies(database: Database) -> dict[AnomalyKey, list[Anomaly]]:
    """Return the whole table, of all tenants; what a person resolved has ended as `person`."""
    with database.operator_transaction() as connection:
        rows = connection.execute(
            "SELECT tenant_id, story_id, anomaly_type, story_cost_millicents,"
            " reference_avg_millicents, deviation_factor, metadata, archived, resolved"
            " FROM cost_anomalies ORDER BY inserted_at"
        ).fetchall()
    found: dict[AnomalyKey, list[Anomaly]] = {}
    for *key, cost, reference, factor, metadata, archived, resolved in rows:
        days = [date.fromisoformat(day) for day in (*metadata["earlier"], metadata["period"])]
        epic, stories = UUID(metadata["epic_id"]), metadata["stories"]
        figures = Figures(cost, reference, factor, days[-1], epic, stories)
        ended = metadata.get("resolution", "person") if resolved else None
        stands_for = set() if ended == "no_longer_deviates" else set(days)
        row = Anomaly(figures, stands_for, archived, ended)
        found.setdefault(tuple(key), []).append(row)
    return found


def physical_rows(database: Database) -> set[tuple[object, ...]]:
    """Return the identity of every row of both tables: what a rewrite would change."""
    with database.operator_transaction() as connection:
        return set(
            connection.execute(
                "SELECT id, xmin::text, ctid::text, inserted_at, updated_at FROM cost_summaries"
                " UNION ALL"
                " SELECT id, xmin::text, ctid::text, inserted_at, updated_at FROM cost_anomalies"
            ).fetchall()
        )
