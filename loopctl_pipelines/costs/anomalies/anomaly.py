"""Deviations, stored anomalies, and the changes to them. Pure.

An open anomaly covers all the days on which its story deviates in that way: `period` in its
metadata is the latest of them, whose figures it has, and `earlier` holds the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

Metadata = Mapping[str, Any]


class AnomalyType(StrEnum):
    """The types of anomalies in loopctl's table."""

    HIGH_COST = "high_cost"
    SUSPICIOUSLY_LOW = "suspiciously_low"
    BUDGET_EXCEEDED = "budget_exceeded"


class ResolutionReason(StrEnum):
    """Why the system resolved an anomaly; one that a person resolved has no reason."""

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
        explained: for the metadata, the threshold of the calibrated rule and where it comes from.
    """

    day: date
    epic_id: UUID
    story_id: UUID
    anomaly_type: str
    stories: int
    cost: int
    reference: int
    factor: Decimal
    explained: Mapping[str, str] = field(default_factory=dict)

    @property
    def epic(self) -> str:
        """The epic's id as an anomaly's metadata holds it."""
        return str(self.epic_id)


@dataclass(frozen=True, slots=True)
class KnownAnomaly:
    """A stored anomaly, open or resolved. One that loopctl wrote has no days."""

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
        """The days that it covers."""
        return days_of(self.metadata)

    @property
    def epic(self) -> str:
        """The epic's id in its metadata; `None` as text if there is none, which matches no epic."""
        return str(self.metadata.get("epic_id"))

    @property
    def is_acknowledged(self) -> bool:
        """It was resolved by a person or superseded: its days are not reported again."""
        return (
            self.resolved and self.metadata.get("resolution") != ResolutionReason.NO_LONGER_DEVIATES
        )


@dataclass(frozen=True, slots=True)
class Update:
    """An open anomaly with new days, and with new figures if its latest day was compared."""

    known: KnownAnomaly
    figures: Deviation | None
    metadata: Metadata

    @property
    def days(self) -> set[date]:
        """The days that it covers after the update."""
        return days_of(self.metadata)


@dataclass(slots=True)
class Changes:
    """The changes to write.

    Attributes:
        opened: figures and metadata of new anomalies.
        updated: open anomalies with new figures or days.
        resolved: open anomalies that the system resolves, and why.
        compare_too: days that an anomaly falls back to and whose figures are not known yet.
    """

    opened: list[tuple[Deviation, Metadata]] = field(default_factory=list)
    updated: list[Update] = field(default_factory=list)
    resolved: list[tuple[KnownAnomaly, ResolutionReason]] = field(default_factory=list)
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


def days_of(metadata: Metadata) -> set[date]:
    """Return the days that an anomaly's metadata names."""
    earlier = metadata.get("earlier")
    texts = [metadata.get("period"), *(earlier if isinstance(earlier, list) else ())]
    return {day for text in texts if (day := day_of(text)) is not None}


def day_of(text: object) -> date | None:
    """Return the day in a value of an anomaly's metadata; None if it holds no ISO date."""
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
