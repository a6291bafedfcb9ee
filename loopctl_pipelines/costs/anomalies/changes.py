"""Decides what detection changes about a tenant's anomalies. Pure.

The result does not depend on the order in which days are compared, and an older day never
overwrites a newer one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from loopctl_pipelines.costs.anomalies.anomaly import (
    Changes,
    Deviation,
    KnownAnomaly,
    Metadata,
    ResolutionReason,
    Update,
)

Kind = tuple[UUID, str]
"""A story and an anomaly type; it has at most one open anomaly."""


def changes(
    deviations: Iterable[Deviation],
    known: Iterable[KnownAnomaly],
    was_compared: Callable[[UUID, date], bool],
    can_be_compared: Callable[[date], bool],
    rule: Metadata,
) -> Changes:
    """Return the changes that bring the anomalies in line with a comparison.

    Args:
        deviations: all deviations that it found.
        known: the open anomalies of the compared days and later ones, and all anomalies, open or
            resolved, of the stories that deviate.
        was_compared: whether a story was compared on a day.
        can_be_compared: whether a day that was not compared, or not fully, can be compared.
        rule: the rule's part of the anomalies' metadata.
    """
    found: defaultdict[Kind, dict[date, Deviation]] = defaultdict(dict)
    for deviation in deviations:
        found[deviation.story_id, deviation.anomaly_type][deviation.day] = deviation
    open_: dict[Kind, KnownAnomaly] = {}
    seen: defaultdict[Kind, set[date]] = defaultdict(set)
    for anomaly in known:
        kind = (anomaly.story_id, anomaly.anomaly_type)
        if not anomaly.resolved:
            open_[kind] = anomaly
        elif anomaly.is_acknowledged:
            seen[kind] |= anomaly.days
    todo = Changes()
    for kind in sorted(found.keys() | open_.keys()):
        of_kind, stored = found.get(kind, {}), open_.get(kind)
        new = of_kind.keys() - seen[kind]
        # An archived anomaly is hidden, and the weekly archival would hide it again.
        if stored and stored.archived and new - stored.days:
            todo.resolved.append((stored, ResolutionReason.SUPERSEDED))
            new, stored = new - stored.days, None
        if stored is None:
            _open(todo, of_kind, new, rule)
        else:
            kept = {d for d in stored.days if d in of_kind or not was_compared(kind[0], d)}
            days = _with_figures(kept | new, stored, of_kind, can_be_compared)
            _keep(todo, stored, of_kind, days, rule)
    return todo


def _with_figures(
    days: set[date],
    anomaly: KnownAnomaly,
    found: Mapping[date, Deviation],
    can_be_compared: Callable[[date], bool],
) -> set[date]:
    """Drop the latest days as long as they are new and their figures cannot be computed."""
    known = {*found, *sorted(anomaly.days)[-1:]}
    while days and (latest := max(days)) not in known and not can_be_compared(latest):
        days = days - {latest}
    return days


def _open(todo: Changes, found: Mapping[date, Deviation], days: set[date], rule: Metadata) -> None:
    if days:
        latest = found[max(days)]
        todo.opened.append((latest, _days(days) | _figures(latest, rule)))


def _keep(
    todo: Changes,
    anomaly: KnownAnomaly,
    found: Mapping[date, Deviation],
    days: set[date],
    rule: Metadata,
) -> None:
    if not days:
        # an anomaly of loopctl's without a day is not ours to close
        if anomaly.days:
            todo.resolved.append((anomaly, ResolutionReason.NO_LONGER_DEVIATES))
        return
    latest = found.get(max(days))
    metadata = _days(days) | (_figures(latest, rule) if latest else {})
    if latest and not latest.explained:
        # of the calibrated rule, if the tenant had it before
        metadata |= {name: None for name in ("threshold", "reason") if anomaly.metadata.get(name)}
    if latest is None and max(days) != max(anomaly.days):
        todo.compare_too.add(max(days))
    stored = (anomaly.cost, anomaly.reference, anomaly.factor)
    if {**anomaly.metadata, **metadata} != anomaly.metadata or (
        latest and stored != (latest.cost, latest.reference, latest.factor)
    ):
        todo.updated.append(Update(anomaly, latest, metadata))


def _days(days: set[date]) -> dict[str, Any]:
    *earlier, latest = sorted(day.isoformat() for day in days)
    return {"period": latest, "earlier": earlier}


def _figures(deviation: Deviation, rule: Metadata) -> dict[str, Any]:
    return {
        "epic_id": str(deviation.epic_id),
        "stories": deviation.stories,
        **rule,
        **deviation.explained,
    }
