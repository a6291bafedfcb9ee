"""A row of an export, and the form of its columns. Pure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

_PLACES: Final = -5


class Scope(StrEnum):
    """What a summary adds up. Each scope alone adds up to everything a tenant spent."""

    PROJECT = "project"
    EPIC = "epic"
    AGENT = "agent"


class SummaryRow(NamedTuple):
    """What one model cost in one phase, of one scope on one day. The names are the headers.

    Attributes:
        tenant: slug.
        day_utc: the UTC day.
        scope: agent, epic or project.
        scope_id: the agent, epic or project.
        scope_name: name or title; empty if it was deleted.
        model: as agents report it.
        phase: planning, implementing, reviewing or other.
        cost_millicents: 1/1000 cent; negative if corrections are.
        input_tokens: tokens.
        output_tokens: tokens.
        stale: whether a report of the summary was deleted or corrected since.
    """

    tenant: str
    day_utc: date
    scope: str
    scope_id: UUID
    scope_name: str
    model: str
    phase: str
    cost_millicents: int
    input_tokens: int
    output_tokens: int
    stale: bool

    @property
    def cost_usd(self) -> Decimal:
        """The cost in dollars, exact, with five places."""
        return Decimal(self.cost_millicents).scaleb(_PLACES)


HEADERS: Final = (
    "tenant",
    "day_utc",
    "scope",
    "scope_id",
    "scope_name",
    "model",
    "phase",
    "cost_usd",
    "cost_millicents",
    "input_tokens",
    "output_tokens",
    "stale",
)
"""The columns of every format, in their order; each is an attribute of `SummaryRow`."""


@dataclass(slots=True)
class Totals:
    """What the rows of one scope add up to: millicents and tokens."""

    rows: int = 0
    stale: int = 0
    cost_millicents: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def add(self, row: SummaryRow) -> None:
        """Add a row."""
        self.rows += 1
        self.stale += row.stale
        self.cost_millicents += row.cost_millicents
        self.input_tokens += row.input_tokens
        self.output_tokens += row.output_tokens
