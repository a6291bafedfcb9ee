"""What a tick of `pending_embeddings_sensor` remembers and decides. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import BaseModel, ValidationError

# a safety net: where the database does not count changes, a sharded one for example
_LONGEST_REST = timedelta(minutes=10)


class Cursor(BaseModel):
    """What the next tick is told.

    Attributes:
        articles_version: see `operator_queries.articles_version`, as it was before the last look;
            None: the next tick has to look.
        rest_until: nothing comes due before, unless something changes.
        in_flight: the tenants of each run that was requested, by its run key.
    """

    articles_version: str | None = None
    rest_until: datetime | None = None
    in_flight: dict[str, list[str]] = {}

    @classmethod
    def parse(cls, text: str | None) -> "Cursor":
        """Read what the last tick wrote; of anything else, remember nothing."""
        try:
            return cls.model_validate_json(text or "{}")
        except ValidationError:
            return cls()

    def may_rest(self, articles_version: str | None, now: datetime) -> bool:
        """Tell whether nothing can have become pending since the last look."""
        return (
            self.articles_version is not None
            and self.articles_version == articles_version
            and self.rest_until is not None
            and now < self.rest_until
        )


@dataclass(frozen=True, slots=True)
class Pending:
    """A tenant that has articles to look at, see `operator_queries.PendingEmbeddings`."""

    slug: str
    articles: int
    paused_until: datetime | None = None
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What a tick does.

    Attributes:
        request: tenants of the one run to request, none: no run.
        rest_until: until when the next ticks need not look if nothing changes; None: they must.
        left: why tenants are left for later, for people.
    """

    request: list[str] = field(default_factory=list)
    rest_until: datetime | None = None
    left: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Situation:
    """What a tick finds. All times have a zone.

    Attributes:
        pending: tenants that have articles to look at.
        in_flight: slugs of tenants that a run works on, or will; not those that it is done with.
        open_circuits: slugs of tenants whose circuit breaker is open.
        keys: slugs that are partition keys already.
        next_attempt: when the next of the articles that wait comes due.
        now: the present.
    """

    pending: Sequence[Pending]
    in_flight: Collection[str]
    open_circuits: Collection[str]
    keys: Collection[str]
    next_attempt: datetime | None
    now: datetime

    def decide(self) -> Decision:
        """Decide whom the tick requests a run for, and whether the next ones may rest."""
        paused = [p.slug for p in self.pending if p.paused_until]
        reasons: Mapping[str, Sequence[str]] = {
            "paused": paused,
            "in flight": [p.slug for p in self.pending if p.is_held or p.slug in self.in_flight],
            "with an open circuit": [p.slug for p in self.pending if p.slug in self.open_circuits],
            "without a partition yet": [p.slug for p in self.pending if p.slug not in self.keys],
        }
        left = {slug for slugs in reasons.values() for slug in slugs}
        request = [p.slug for p in self.pending if p.slug not in left]
        told = [f"{len(slugs)} {reason}" for reason, slugs in reasons.items() if slugs]
        # what a run is about to change, or a circuit that closes, shows in no counter
        unsettled = request or self.in_flight or left.difference(paused)
        return Decision(request, None if unsettled else self._next_due(), told)

    def _next_due(self) -> datetime:
        due = [p.paused_until for p in self.pending if p.paused_until]
        if self.next_attempt is not None:
            due.append(self.next_attempt)
        return min([*due, self.now + _LONGEST_REST])
