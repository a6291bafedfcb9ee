"""Decides which `budget_exceeded` anomalies of stories open, change and end. Pure.

A story has at most one open. One that a person resolved is not opened again for the same budget,
whatever the story spends: only another budget, or another limit, is a new question.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from loopctl_pipelines.costs.anomalies.anomaly import (
    AnomalyType,
    KnownAnomaly,
    ResolutionReason,
    day_of,
)
from loopctl_pipelines.costs.budgets.budget import StoryOverBudget, Use

_SAME_BUDGET: Final = ("scope_type", "id", "limit", "allowed")

Row = dict[str, Any]


def anomaly_rows(
    over: Iterable[StoryOverBudget], known: Collection[KnownAnomaly]
) -> dict[str, list[Row]]:
    """Return the rows for `write_anomalies`.

    Args:
        over: all stories that have exceeded their effective budget.
        known: all open anomalies of this type, and all resolved ones of these stories.
    """
    open_ = {anomaly.story_id: anomaly for anomaly in known if not anomaly.resolved}
    settled = defaultdict[UUID, list[object]](list)
    for anomaly in known:
        # one that the system resolved has a reason
        if anomaly.resolved and "resolution" not in anomaly.metadata:
            settled[anomaly.story_id].append(_same(anomaly.metadata.get("budget")))
    rows: dict[str, list[Row]] = {"opened": [], "updated": [], "resolved": []}
    exceeding = set()
    for story in over:
        if (use := story.use) is None:
            continue
        exceeding.add(story.story_id)
        new, stored = _row(story, use), open_.get(story.story_id)
        if stored and stored.archived and _is_later(story, stored):
            # an archived anomaly is hidden, and stays so
            rows["resolved"].append(_ended(stored, ResolutionReason.SUPERSEDED))
            rows["opened"].append(new)
        elif stored:
            if _differs(stored, new):
                rows["updated"].append({**new, "id": str(stored.id)})
        elif _same(new["metadata"]["budget"]) not in settled[story.story_id]:
            rows["opened"].append(new)
    rows["resolved"] += [
        _ended(anomaly, ResolutionReason.NO_LONGER_DEVIATES)
        for story_id, anomaly in open_.items()
        # one without a budget was not written here, and is not ours to close
        if story_id not in exceeding and "budget" in anomaly.metadata
    ]
    return rows


def _row(story: StoryOverBudget, use: Use) -> Row:
    budget = None if story.budget_id is None else str(story.budget_id)
    return {
        "story_id": str(story.story_id),
        "anomaly_type": AnomalyType.BUDGET_EXCEEDED,
        "cost": max(story.cost_millicents, 0),
        "reference": story.budget_millicents or 0,
        "factor": str(use.factor),
        "metadata": {
            "period": story.day.isoformat(),
            "earlier": [],
            "epic_id": str(story.epic_id),
            "budget": {
                "scope_type": story.scope_type,
                "id": budget,
                "limit": use.limit.value,
                "allowed": use.allowed,
                "used": use.used,
            },
        },
    }


def _same(budget: object) -> object:
    """Return what makes two budgets the same question."""
    return tuple(budget.get(name) for name in _SAME_BUDGET) if isinstance(budget, Mapping) else None


def _is_later(story: StoryOverBudget, stored: KnownAnomaly) -> bool:
    period = day_of(stored.metadata.get("period"))
    return period is None or story.day > period


def _differs(stored: KnownAnomaly, new: Row) -> bool:
    return (
        (stored.cost, stored.reference, str(stored.factor))
        != (new["cost"], new["reference"], new["factor"])
    ) or {**stored.metadata, **new["metadata"]} != stored.metadata


def _ended(anomaly: KnownAnomaly, reason: ResolutionReason) -> Row:
    return {"id": str(anomaly.id), "metadata": {"resolution": reason}}
