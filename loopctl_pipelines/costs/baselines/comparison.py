"""Compares the stories of a tenant's days with the baselines of these days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import log
from typing import Any, Final
from uuid import UUID

from psycopg.rows import class_row
from pydantic import TypeAdapter

from loopctl_pipelines.anomaly_rule import LIFETIME, AnomalyRule
from loopctl_pipelines.costs.baselines.ratios import BIN_WIDTH
from loopctl_pipelines.costs.baselines.stored_baselines import DayBaseline, as_arrays
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement

PSEUDO_STORIES: Final = 8
"""Stories that the usual cost counts as, beside a story's peers or a project's stories."""

MOST_MOVED: Final = log(2)
"""How far from the usual cost the peers' median counts, as a logarithm: half or twice of it."""

_FIRST_REPORT: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class CountedStories:
    """How many of a day's stories lie in which bins.

    Attributes:
        kind: `cost`: of a project's costs; `high`: of the ratios to the baseline; `low`: of those
            to the usual cost.
        project_id: the project; None for ratios.
        bins: the bins.
        counts: the stories in each.
    """

    kind: str
    project_id: UUID | None
    bins: list[int]
    counts: list[int]


_COUNTED: Final = TypeAdapter(list[CountedStories])


@dataclass(frozen=True, slots=True)
class ComparedWithBaselines:
    """A row of compare_with_baselines.sql: the comparison of one day."""

    day: date
    epics: int
    blind_epics: int
    unsummarized_epics: int
    stories: int
    unsummarized: list[UUID]
    deviations: str
    bins: str
    free_stories: int

    def counted(self) -> list[CountedStories]:
        """Return how many stories lie in which bins."""
        return _COUNTED.validate_json(self.bins)


def compare_with_baselines(
    connection: TenantConnection,
    unit: TenantDays,
    rule: AnomalyRule,
    baselines: Sequence[DayBaseline],
    *,
    counted: bool,
) -> list[ComparedWithBaselines]:
    """Compare the stories of these days; return one entry for each day.

    Args:
        connection: a transaction of the unit's tenant.
        unit: the tenant and days.
        rule: the tenant's rule.
        baselines: of these days; on a day without one, nothing is compared.
        counted: whether the stories are counted in bins as well.

    Raises:
        psycopg.Error: if the comparison fails.
    """
    cursor = connection.cursor(row_factory=class_row(ComparedWithBaselines))
    parameters: dict[str, Any] = {
        "tenant_id": unit.tenant.id,
        "first": unit.first,
        "end": unit.end,
        **_reach(unit, rule),
        "minimum_stories": rule.minimum_stories,
        "floor_millicents": rule.floor_millicents,
        "pseudo_stories": PSEUDO_STORIES,
        "most_moved": MOST_MOVED,
        "bin_width": BIN_WIDTH,
        "counted": counted,
        **as_arrays(baselines),
    }
    query = statement(__package__, "compare_with_baselines")
    return cursor.execute(query, parameters, prepare=True).fetchall()


def _reach(unit: TenantDays, rule: AnomalyRule) -> dict[str, Any]:
    """Return how many days are added up, and the first of them."""
    if rule.days == LIFETIME:
        return {"since": _FIRST_REPORT, "days": (unit.end - _FIRST_REPORT).days}
    return {"since": unit.first - timedelta(days=rule.days - 1), "days": rule.days}
