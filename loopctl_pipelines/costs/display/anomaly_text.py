"""One anomaly as lines of text, for a terminal or a pipe."""

from decimal import Decimal
from typing import Final

from loopctl_pipelines.costs.display.anomaly_lines import reference_name
from loopctl_pipelines.costs.display.compared_story import ComparedStory
from loopctl_pipelines.costs.display.money import dollars
from loopctl_pipelines.costs.display.stored_story import AnomalyDetails
from loopctl_pipelines.costs.display.story_strip import story_strip
from loopctl_pipelines.terminal_text import shortened, visible

_SHOWN_TEXT: Final = 66
_NAME_WIDTH: Final = 10


def describe_anomaly(slug: str, anomaly: AnomalyDetails, story: ComparedStory) -> str:
    """Return an anomaly's figures, a line each, and its story beside the others of its epic."""
    state = "archived" if anomaly.archived else "resolved" if anomaly.resolved else "open"
    named = reference_name(anomaly.anomaly_type, anomaly.metadata.get("baseline"))
    reference = f"${_dollars(anomaly.reference_avg_millicents)} ({named})"
    lines = {
        "anomaly": f"{anomaly.anomaly_type}, {state}",
        "tenant": slug,
        "day": _days(anomaly),
        "story": anomaly.story_title,
        "cost": f"${_dollars(story.cost)}, {anomaly.deviation_factor} times {reference}",
    }
    if story.threshold:
        side = "below" if anomaly.anomaly_type == "suspiciously_low" else "above"
        lines["threshold"] = f"{side} {story.factor:f} times, that is ${_dollars(story.threshold)}"
    if anomaly.reason:
        lines["reason"] = anomaly.reason
    shown = (
        f"{name:<{_NAME_WIDTH}} {shortened(text, _SHOWN_TEXT)}" for name, text in lines.items()
    )
    return "\n".join((*shown, "", story_strip(story)))


def _days(anomaly: AnomalyDetails) -> str:
    if anomaly.day is None:
        return "not known: loopctl itself wrote it"
    earlier = anomaly.metadata.get("earlier")
    more = f", and {len(earlier)} earlier" if isinstance(earlier, list) and earlier else ""
    days = anomaly.metadata.get("days", 1)
    summed = "" if days == 1 else f", costs of {visible(str(days))} days"
    return f"{anomaly.day}{more}{summed}"


def _dollars(millicents: int | Decimal) -> str:
    return f"{dollars(millicents):,.2f}"
