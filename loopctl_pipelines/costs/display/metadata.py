"""Metadata of materializations, for the Dagster UI."""

from collections.abc import Mapping
from typing import Final

from dagster import MetadataValue, TableColumn, TableRecord, TableSchema

from loopctl_pipelines.costs.anomalies.detection import DayCompared
from loopctl_pipelines.costs.display.baselines import baseline_metadata
from loopctl_pipelines.costs.display.charts import bars
from loopctl_pipelines.costs.display.money import dollars
from loopctl_pipelines.costs.summaries.rollup import DaySummarized
from loopctl_pipelines.terminal_text import shortened

_TOP_MODELS = 8
_SHOWN_NAME = 40
ARCHIVED: Final = {
    "archived": MetadataValue.text(
        "Its reports were archived by retention: what was computed before stays as it is."
    )
}
"""Metadata of an archived day. It has no numbers: Dagster's plot of them would fall to 0."""

_TOP_MODELS_SCHEMA = TableSchema(
    columns=[
        TableColumn("model", "string"),
        TableColumn("cost_dollars", "float"),
        TableColumn("share_percent", "float", description="of the day's cost"),
    ]
)


def summarized_metadata(day: DaySummarized) -> Mapping[str, MetadataValue]:
    """Describe one tenant's summaries of a day: numbers that Dagster plots, models, a chart."""
    if day.archived:
        return ARCHIVED
    costs = day.cost_per_model or {}
    top = dict(sorted(costs.items(), key=lambda item: (-item[1], item[0]))[:_TOP_MODELS])
    return {
        "cost (dollars)": MetadataValue.float(dollars(day.cost_millicents)),
        "reports": MetadataValue.int(int(day.reports)),
        "input tokens": MetadataValue.int(int(day.input_tokens)),
        "output tokens": MetadataValue.int(int(day.output_tokens)),
        "rows written": MetadataValue.int(day.written),
        "rows unchanged": MetadataValue.int(day.unchanged),
        "rows deleted": MetadataValue.int(day.deleted),
        "top models": MetadataValue.table(
            _models(top, int(day.cost_millicents)), _TOP_MODELS_SCHEMA
        ),
        "chart": MetadataValue.md(
            bars({shown_name(name): dollars(cost) for name, cost in top.items()})
        ),
    }


def compared_metadata(day: DayCompared) -> Mapping[str, MetadataValue]:
    """Describe the anomalies of one tenant's day, and the rule."""
    if day.archived:
        return ARCHIVED
    problem = day.rule_of.problem
    return {
        "anomalies (high cost)": MetadataValue.int(day.high_cost),
        "anomalies (suspiciously low)": MetadataValue.int(day.suspiciously_low),
        "opened": MetadataValue.int(day.opened),
        "updated": MetadataValue.int(day.updated),
        "resolved": MetadataValue.int(day.resolved),
        "stories compared": MetadataValue.int(day.stories),
        "epics": MetadataValue.int(day.epics),
        "epics blind to high cost": MetadataValue.int(day.blind_epics),
        "epics without a summary": MetadataValue.int(day.unsummarized_epics),
        **(baseline_metadata(day.baseline) if day.baseline else {}),
        "rule": MetadataValue.json(
            day.rule_of.rule.model_dump(mode="json", exclude={"calibrated_tenants"})
        ),
        **({"settings not used": MetadataValue.text(problem)} if problem else {}),
    }


def compared_warning(day: DayCompared) -> str | None:
    """Return a warning for operators if the tenant's settings are not used."""
    return day.rule_of.problem


def _models(costs: Mapping[str, int], total: int) -> list[TableRecord]:
    return [
        TableRecord(
            {
                "model": shown_name(name),
                "cost_dollars": round(dollars(cost), 2),
                "share_percent": round(100 * cost / total, 1) if total else 0.0,
            }
        )
        for name, cost in costs.items()
    ]


def shown_name(name: str) -> str:
    """Return a tenant's text in a form that is safe in metadata: printable and short."""
    # a fence in it would end the chart's block
    return shortened(name.replace("`", "?"), _SHOWN_NAME)
