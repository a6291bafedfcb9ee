"""The check `costs_match_list_prices` of `cost_summaries`."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from dagster import AssetCheckSeverity, MetadataValue, TableColumn, TableRecord, TableSchema

from loopctl_pipelines.costs.checks import CheckResult, PartitionCheck
from loopctl_pipelines.costs.display.metadata import shown_name
from loopctl_pipelines.costs.display.money import dollars
from loopctl_pipelines.costs.list_prices.checking import ListPriceCheck, check_list_prices
from loopctl_pipelines.costs.list_prices.rule import Judgement

_SHOWN: Final = 20
_WHOLE: Final = 100
_COLUMNS: Final = TableSchema(
    columns=[
        TableColumn("finding", "string"),
        TableColumn("agent", "string"),
        TableColumn("model", "string"),
        TableColumn("input_tokens", "int"),
        TableColumn("output_tokens", "int"),
        TableColumn("cost_dollars", "float"),
        TableColumn("most_dollars", "string", "by list price; empty: unknown"),
    ]
)


def costs_match_list_prices(aliases: Mapping[str, str]) -> PartitionCheck[ListPriceCheck]:
    """Return the check of the reported costs; it warns, and a run does not depend on it.

    Args:
        aliases: listed names of models by the operator's own, in lower case.
    """
    return PartitionCheck(
        "costs_match_list_prices",
        "What agents reported fits the vendors' list prices: no cost without tokens, no tokens "
        "without cost, no cost above the highest list price. Models without a known list price are "
        "listed and not judged.",
        partial(check_list_prices, aliases=aliases),
        _result,
        AssetCheckSeverity.WARN,
    )


def _result(day: ListPriceCheck) -> CheckResult:
    metadata: dict[str, MetadataValue] = {
        "findings": MetadataValue.int(len(day.odd)),
        "models without a list price": MetadataValue.int(
            len({each.use.model for each in day.unknown})
        ),
    }
    if day.cost:
        priced = day.priced_cost * _WHOLE // day.cost
        metadata["cost with a list price (percent)"] = MetadataValue.int(priced)
    if shown := (*day.odd, *day.unknown)[:_SHOWN]:
        table = MetadataValue.table([_row(each) for each in shown], _COLUMNS)
        metadata["compared with list prices"] = table
    return CheckResult(_problem(day), metadata)


def _problem(day: ListPriceCheck) -> str | None:
    if not day.odd:
        return None
    first = day.odd[0]
    most = "" if first.most_millicents is None else f", at most {_money(first.most_millicents)}"
    return (
        f"{len(day.odd)} sums of an agent and a model do not fit the list prices, first: "
        f"{first.oddity} of model {shown_name(first.use.model)} by agent {first.use.agent_id}: "
        f"{first.use.input_tokens:,} input and {first.use.output_tokens:,} output tokens for "
        f"{_money(first.use.cost_millicents)}{most}."
    )


def _row(judged: Judgement) -> TableRecord:
    most = judged.most_millicents
    return TableRecord(
        {
            "finding": str(judged.oddity),
            "agent": str(judged.use.agent_id),
            "model": shown_name(judged.use.model),
            "input_tokens": judged.use.input_tokens,
            "output_tokens": judged.use.output_tokens,
            "cost_dollars": dollars(judged.use.cost_millicents),
            "most_dollars": "" if most is None else _money(most),
        }
    )


def _money(millicents: int) -> str:
    return f"${dollars(millicents):,.5f}"
