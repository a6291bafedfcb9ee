"""Tables for a terminal of 80 columns."""

from collections.abc import Iterable
from textwrap import fill
from typing import Literal, TypedDict

from rich.box import SIMPLE_HEAD, Box
from rich.table import Table
from rich.text import Text

from loopctl_pipelines.costs.display.money import dollars
from loopctl_pipelines.costs.display.stored_costs import StoredAnomaly
from loopctl_pipelines.terminal_text import shortened, visible

_ID_WIDTH = 36


class TableStyle(TypedDict):
    """Arguments of rich's tables."""

    title_justify: Literal["left"]
    title_style: str
    box: Box
    pad_edge: bool


# without vertical lines the table fits into 80 columns
STYLE: TableStyle = {
    "title_justify": "left",
    "title_style": "bold",
    "box": SIMPLE_HEAD,
    "pad_edge": False,
}


def anomalies_table(title: str, rows: Iterable[tuple[str, StoredAnomaly, str]]) -> Table:
    """Return a table with two lines per anomaly; the second has its id and its figures.

    An anomaly of the calibrated rule has further lines with the reason.

    Args:
        title: title of the table.
        rows: the tenant's slug, the anomaly, and a note or an empty text.
    """
    table = Table(title=title, **STYLE)
    table.add_column("tenant", no_wrap=True)
    table.add_column("story, id of the anomaly", no_wrap=True, min_width=_ID_WIDTH)
    table.add_column("anomaly", no_wrap=True)
    for slug, anomaly, note in rows:
        cost = f"${dollars(anomaly.story_cost_millicents):,.2f}, {anomaly.deviation_factor} times"
        color = "red" if anomaly.anomaly_type == "high_cost" else "yellow"
        table.add_row(
            Text.assemble(visible(slug), "\n", (str(anomaly.day or ""), "dim")),
            Text.assemble(
                shortened(anomaly.story_title, _ID_WIDTH), "\n", (str(anomaly.id), "dim")
            ),
            Text.assemble((anomaly.anomaly_type, color), f", {note}" if note else "", "\n", cost),
        )
        if anomaly.reason:
            reason = fill(str(visible(anomaly.reason)), _ID_WIDTH)
            table.add_row("", Text(reason, style="dim"), "")
    return table
