"""Anomalies as a list: a line for each, however wide the terminal is."""

from collections.abc import Iterable
from itertools import starmap

from rich.cells import cell_len

from loopctl_pipelines.costs.anomalies.anomaly import AnomalyType
from loopctl_pipelines.costs.display.money import dollars
from loopctl_pipelines.costs.display.stored_costs import StoredAnomaly
from loopctl_pipelines.terminal_text import shortened, visible

_TITLE_WIDTH = 40


def anomaly_lines(rows: Iterable[tuple[str, StoredAnomaly, str]]) -> list[str]:
    """Return a line for each anomaly, its parts below each other.

    Args:
        rows: the tenant's slug, the anomaly, and a note or an empty text.
    """
    parts = list(starmap(_parts, rows))
    widths = [max(map(cell_len, column)) for column in zip(*parts, strict=True)]
    return ["  ".join(map(_padded, line, widths)).rstrip() for line in parts]


def reference_name(anomaly_type: str, baseline: object) -> str:
    """Return what a story was compared with, such as `epic_average`."""
    return "budget" if anomaly_type == AnomalyType.BUDGET_EXCEEDED else str(baseline or "baseline")


def _parts(slug: str, anomaly: StoredAnomaly, note: str) -> tuple[str, ...]:
    reference = f"${dollars(anomaly.reference_avg_millicents):,.2f}"
    compared = visible(reference_name(anomaly.anomaly_type, anomaly.baseline))
    return (
        str(anomaly.day or "-"),
        visible(slug),
        f"{anomaly.anomaly_type}, {note}" if note else anomaly.anomaly_type,
        f"${dollars(anomaly.story_cost_millicents):,.2f}",
        f"{anomaly.deviation_factor} times {reference} ({compared})",
        str(anomaly.id),
        shortened(anomaly.story_title, _TITLE_WIDTH),
        visible(anomaly.reason or ""),
    )


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))
