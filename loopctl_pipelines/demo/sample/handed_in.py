"""The sample's documents and reviews, from which articles are extracted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from loopctl_pipelines.demo.sample.organizations import organizations
from loopctl_pipelines.demo.sample.seeds import row_id

_TEXTS: Final = Path(__file__).with_name("texts")
_REVIEWED: Final = datetime(2025, 12, 2, 9)  # noqa: DTZ001 - loopctl's timestamps are naive UTC

REVIEWS: Final = {
    "lucerne": [
        """The exporter reads the whole table into memory. It was measured with a tenth of the rows;
with all of them the job is killed. Read in batches, and test with a generated table.""",
    ],
    "northwind": [
        """Invoice totals are rounded per line and again for the sum. Round once, on the total, as
the invoice service does; two of three findings in this review were about that.""",
        """The sign-in form tells whether an account exists. The message must be the same for a
wrong password and an unknown account, and so must be the time until it is shown.""",
    ],
}
"""Summaries of reviews by tenant. These tenants have their reviews extracted."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document that a tenant hands in.

    Attributes:
        slug: the tenant.
        name: of its file.
        publish: whether its articles are published at once.
    """

    slug: str
    name: str
    publish: bool = True

    @property
    def body(self) -> bytes:
        """The file's content."""
        return (_TEXTS / self.name).read_bytes()

    @property
    def content_type(self) -> str:
        """As a web server would give it."""
        return "text/html" if self.name.endswith(".html") else "text/markdown"


DOCUMENTS: Final = (
    Document("northwind", "agents-handbook.md"),
    Document("northwind", "agents-handbook-2026.html"),
    Document("lucerne", "flaky-tests.md"),
    Document("lucerne", "release-notes-style.html", publish=False),
    Document("proseware", "prompt-caching.md"),
    Document("margie", "incident-2025-11-18.md"),
)
"""Handed in in this order: an article whose title is taken is named after its document."""


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A row of review_records."""

    id: UUID
    tenant_id: UUID
    story_id: UUID
    review_type: str
    findings_count: int
    fixes_count: int
    summary: str
    inserted_at: datetime


def reviews(seed: int = 7) -> tuple[ReviewRow, ...]:
    """Return the reviews of the tenants in `REVIEWS`, the same for the same seed."""
    return tuple(_reviews(seed))


def _reviews(seed: int) -> Iterator[ReviewRow]:
    for owner in organizations(seed):
        stories = [story for epic in owner.epics for story in epic.stories]
        for place, summary in enumerate(REVIEWS.get(owner.profile.slug, ())):
            yield ReviewRow(
                id=row_id(seed, f"{owner.profile.slug}/review/{place + 1}"),
                tenant_id=owner.row.id,
                story_id=stories[place].id,
                review_type="code",
                findings_count=place + 2,
                fixes_count=place + 1,
                summary=summary,
                inserted_at=_REVIEWED + timedelta(hours=place),
            )
