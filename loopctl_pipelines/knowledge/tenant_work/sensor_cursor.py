"""What an evaluation of a sensor that requests paid work remembers and decides. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ValidationError

# a safety net where the database does not count changes, such as a sharded one
_LONGEST_REST = timedelta(minutes=10)


class Cursor(BaseModel):
    """What one evaluation leaves for the next.

    Attributes:
        version: a value that changes with the rows that decide what is pending, from before they
            were last read; None: the next evaluation must read them.
        rest_until: nothing is due before this time, unless something changes.
        in_flight: the tenants of each requested run, by run key.
    """

    version: str | None = None
    rest_until: datetime | None = None
    in_flight: dict[str, list[str]] = {}

    @classmethod
    def parse(cls, text: str | None) -> "Cursor":
        """Read what the last evaluation wrote; an unreadable cursor remembers nothing."""
        try:
            return cls.model_validate_json(text or "{}")
        except ValidationError:
            return cls()

    def may_rest(self, version: str | None, now: datetime) -> bool:
        """Tell whether nothing can have become pending since the rows were last read."""
        return (
            self.version is not None
            and self.version == version
            and self.rest_until is not None
            and now < self.rest_until
        )


@dataclass(frozen=True, slots=True)
class PendingTenant:
    """A tenant with pending work.

    Attributes:
        tenant_id: the tenant.
        items: how many articles or documents are pending.
        paused_until: end of its pause, with a time zone; None: it is not paused.
        is_held: a run holds the claim on it.
        oldest: when the oldest document or review was handed in; None: the tenant has no key, or
            the work is articles, of which it is not read.
    """

    tenant_id: UUID
    items: int
    paused_until: datetime | None = None
    is_held: bool = False
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A tenant with pending work.

    Attributes:
        slug: the tenant.
        paused_until: end of its pause, with a time zone; None: it is not paused.
        is_held: a run holds the claim on it.
    """

    slug: str
    paused_until: datetime | None = None
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What an evaluation does.

    Attributes:
        request: tenants of the one run to request; empty: no run.
        rest_until: until then, later evaluations read nothing unless something changes; None: the
            next one must.
        reasons: why tenants were not requested, as text for people.
    """

    request: list[str] = field(default_factory=list)
    rest_until: datetime | None = None
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Situation:
    """What an evaluation finds. All times have a time zone.

    Attributes:
        pending: tenants with pending work.
        in_flight: slugs of tenants that an unfinished run has not finished yet.
        open_circuits: slugs of tenants whose circuit is open.
        keys: slugs that are partition keys already.
        next_attempt: when the next item that waits is due.
        now: the current time.
    """

    pending: Sequence[Pending]
    in_flight: Collection[str]
    open_circuits: Collection[str]
    keys: Collection[str]
    next_attempt: datetime | None
    now: datetime

    def decide(self) -> Decision:
        """Decide which tenants to request a run for, and whether later evaluations may rest."""
        paused = [p.slug for p in self.pending if p.paused_until]
        not_requested: Mapping[str, Sequence[str]] = {
            "paused": paused,
            "in flight": [p.slug for p in self.pending if p.is_held or p.slug in self.in_flight],
            "with an open circuit": [p.slug for p in self.pending if p.slug in self.open_circuits],
            "without a partition yet": [p.slug for p in self.pending if p.slug not in self.keys],
        }
        skipped = {slug for slugs in not_requested.values() for slug in slugs}
        request = [p.slug for p in self.pending if p.slug not in skipped]
        reasons = [f"{len(slugs)} {reason}" for reason, slugs in not_requested.items() if slugs]
        # no counter shows what a run is about to change, or that a circuit closes
        unsettled = request or self.in_flight or skipped.difference(paused)
        return Decision(request, None if unsettled else self._next_due(), reasons)

    def _next_due(self) -> datetime:
        due = [p.paused_until for p in self.pending if p.paused_until]
        if self.next_attempt is not None:
            due.append(self.next_attempt)
        return min([*due, self.now + _LONGEST_REST])
