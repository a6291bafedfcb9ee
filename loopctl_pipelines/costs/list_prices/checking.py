"""The check `costs_match_list_prices`: compares the summaries of some days with list prices."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from psycopg.rows import class_row

from loopctl_pipelines.costs.list_prices.rule import Judgement, ModelUse, Oddity, judge
from loopctl_pipelines.costs.list_prices.spelling import spellings
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.llm.list_prices import HighestPrices, highest_prices


@dataclass(frozen=True, slots=True)
class ListPriceCheck:
    """The check of one tenant's UTC day. Costs in millicents.

    Attributes:
        day: the UTC day.
        cost: of all models together.
        priced_cost: of those whose list price is known.
        odd: what is odd, the costliest first.
        unknown: uses of models whose list price is not known, the costliest first.
    """

    day: date
    cost: int = 0
    priced_cost: int = 0
    odd: Sequence[Judgement] = ()
    unknown: Sequence[Judgement] = ()


def check_list_prices(
    connection: TenantConnection, unit: TenantDays, *, aliases: Mapping[str, str]
) -> list[ListPriceCheck]:
    """Compare the tenant's summaries of these days with list prices, in one statement.

    Args:
        connection: a transaction of the unit's tenant.
        unit: the tenant and days.
        aliases: listed names of models by the operator's own, in lower case.

    Returns:
        One entry for each day of the unit.

    Raises:
        psycopg.Error: if the statement fails.
    """
    cursor = connection.cursor(row_factory=class_row(ModelUse))
    parameters = {"tenant_id": unit.tenant.id, "first": unit.first, "end": unit.end}
    query = statement(__package__, "model_uses")
    by_day = defaultdict[date, list[Judgement]](list)
    # many agents use few models
    prices: dict[tuple[str, date], HighestPrices | None] = {}
    for use in cursor.execute(query, parameters, prepare=True):
        of = (use.model, use.day)
        if of not in prices:
            prices[of] = _prices(use, aliases)
        by_day[use.day].append(judge(use, prices[of]))
    return [_checked(day, by_day[day]) for day in unit.days()]


def _prices(use: ModelUse, aliases: Mapping[str, str]) -> HighestPrices | None:
    for vendor, name in spellings(use.model, aliases):
        if prices := highest_prices(vendor, name, use.day):
            return prices
    return None


def _checked(day: date, judged: Sequence[Judgement]) -> ListPriceCheck:
    ordered = sorted(judged, key=lambda each: (-each.use.cost_millicents, each.use.model))
    return ListPriceCheck(
        day,
        cost=sum(max(each.use.cost_millicents, 0) for each in judged),
        priced_cost=sum(
            max(each.use.cost_millicents, 0) for each in judged if each.most_millicents is not None
        ),
        odd=[each for each in ordered if each.oddity not in {None, Oddity.UNKNOWN_MODEL}],
        unknown=[each for each in ordered if each.oddity is Oddity.UNKNOWN_MODEL],
    )
