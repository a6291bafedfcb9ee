"""What detection changes about a tenant's anomalies. Pure.

An open anomaly stands for all the days on which its story deviates in that way: `period` in its
metadata is the latest of them, whose figures it has, and `earlier` are the others. So the order in
which days are compared makes no difference, and an older day never overwrites a newer one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

Metadata = Mapping[str, Any]
Kind = tuple[UUID, str]
"""A story, and the type of an anomaly: of these there is one open anomaly at most."""


class Resolution(StrEnum):
    """Why the system has resolved an anomaly; the metadata of one that a person did have none."""

    NO_LONGER_DEVIATES = "no_longer_deviates"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Deviation:
    """A story that deviates on a UTC day. Costs in millicents.

    Attributes:
        day: the period.
        epic_id: the epic whose stories it was compared with.
        story_id: the story.
        anomaly_type: high_cost or suspiciously_low.
        stories: the epic's stories, itself included.
        cost: what it cost.
        reference: what it was compared with, truncated to whole millicents.
        factor: the exact quotient, rounded half up to two places.
    """

    day: date
    epic_id: UUID
    story_id: UUID
    anomaly_type: str
    stories: int
    cost: int
    reference: int
    factor: Decimal

    @property
    def epic(self) -> str:
        """The epic, as an anomaly's metadata name it."""
        return str(self.epic_id)


@dataclass(frozen=True, slots=True)
class KnownAnomaly:
    """A stored anomaly, open or resolved. Those that loopctl has written have no days."""

    id: UUID
    story_id: UUID
    anomaly_type: str
    cost: int
    reference: int
    factor: Decimal
    resolved: bool
    archived: bool
    metadata: Metadata

    @property
    def days(self) -> set[date]:
        """The days it stands for."""
        return _days_of(self.metadata)

    @property
    def epic(self) -> str:
        """The epic that its metadata name; what is no epic's id where they name none."""
        return str(self.metadata.get("epic_id"))

    @property
    def is_acknowledged(self) -> bool:
        """Somebody is done with it: its days are not reported again."""
        return self.resolved and self.metadata.get("resolution") != Resolution.NO_LONGER_DEVIATES


@dataclass(frozen=True, slots=True)
class Update:
    """An open anomaly that gets other days; figures as well, where the latest was compared."""

    known: KnownAnomaly
    figures: Deviation | None
    metadata: Metadata

    @property
    def days(self) -> set[date]:
        """The days it stands for then."""
        return _days_of(self.metadata)


@dataclass(slots=True)
class Changes:
    """What is to be written.

    Attributes:
        opened: the figures and metadata of new anomalies.
        updated: open ones that get other figures or days.
        resolved: open ones that the system resolves, and why.
        compare_too: days to which an anomaly falls back, whose figures are not known yet.
    """

    opened: list[tuple[Deviation, Metadata]] = field(default_factory=list)
    updated: list[Update] = field(default_factory=list)
    resolved: list[tuple[KnownAnomaly, Resolution]] = field(default_factory=list)
    compare_too: set[date] = field(default_factory=set)

    def as_rows(self) -> dict[str, list[dict[str, Any]]]:
        """Return the parameters of write_anomalies.sql."""
        return {
            "opened": [
                {
                    "story_id": str(deviation.story_id),
                    "anomaly_type": deviation.anomaly_type,
                    "cost": deviation.cost,
                    "reference": deviation.reference,
                    "factor": str(deviation.factor),
                    "metadata": metadata,
                }
                for deviation, metadata in self.opened
            ],
            "updated": [
                {
                    "id": str(update.known.id),
                    "cost": (update.figures or update.known).cost,
                    "reference": (update.figures or update.known).reference,
                    "factor": str((update.figures or update.known).factor),
                    "metadata": update.metadata,
                }
                for update in self.updated
            ],
            "resolved": [
                {"id": str(anomaly.id), "metadata": {"resolution": resolution}}
                for anomaly, resolution in self.resolved
            ],
        }


def changes(
    deviations: Iterable[Deviation],
    known: Iterable[KnownAnomaly],
    was_compared: Callable[[UUID, date], bool],
    can_be_compared: Callable[[date], bool],
    rule: Metadata,
) -> Changes:
    """Bring the anomalies in line with what a comparison has found.

    Args:
        deviations: all that it has found.
        known: the open anomalies of the days compared and later ones, and all that were ever
            reported of the stories that deviate.
        was_compared: whether it says anything of a story on a day.
        can_be_compared: whether more could be found on a day that was not compared, or not wholly.
        rule: what the anomalies' metadata say of the rule.
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
        # Nobody sees an archived one, and the weekly archival would hide it again.
        if stored and stored.archived and new - stored.days:
            todo.resolved.append((stored, Resolution.SUPERSEDED))
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
    """Drop the latest days while they are others than before, and their figures not to be had."""
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
        # one of loopctl's without a day is nobody's to close
        if anomaly.days:
            todo.resolved.append((anomaly, Resolution.NO_LONGER_DEVIATES))
        return
    latest = found.get(max(days))
    metadata = _days(days) | (_figures(latest, rule) if latest else {})
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
    return {"epic_id": str(deviation.epic_id), "stories": deviation.stories, **rule}


def _days_of(metadata: Metadata) -> set[date]:
    earlier = metadata.get("earlier")
    texts = [metadata.get("period"), *(earlier if isinstance(earlier, list) else ())]
    return {day for text in texts if (day := day_of(text)) is not None}


def day_of(text: object) -> date | None:
    """Return the day that a text of an anomaly's metadata names; None where it names none."""
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
