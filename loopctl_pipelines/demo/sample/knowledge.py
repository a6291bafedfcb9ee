"""The sample's knowledge: articles of a few topics, so that those of one topic really are near."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from loopctl_pipelines.demo.sample.organizations import organizations
from loopctl_pipelines.demo.sample.seeds import KNOWLEDGE, row_id, stream

# protects nothing but the sample: it is part of this project
SAMPLE_CLOAK_KEY: Final = b"the sample's key protects nobody"
VALID_KEYS: Final = {
    "northwind": "sample-key-of-northwind",
    "lucerne": "sample-key-of-lucerne",
}
_REVOKED_KEY: Final = "sample-key-that-was-revoked"
REVOKED: Final = "margie"
"""The tenant whose keys were revoked: its partitions fail."""

PLANTED_FAILURE: Final = (
    f"The key of the sample's tenant {REVOKED} was revoked on purpose: its runs of embed_articles "
    "and extract_articles fail, and no other tenant's."
)

KEYS: Final = {**VALID_KEYS, "proseware": None, REVOKED: _REVOKED_KEY}
"""Tenants with articles, and their key for both vendors: valid, missing, revoked."""

_WRITTEN: Final = datetime(2025, 12, 1, 9)  # noqa: DTZ001 - loopctl's timestamps are naive UTC
_SENTENCES_PER_ARTICLE: Final = 5
_ARTICLES_PER_TOPIC: Final = 4
_TOPICS: Final = {
    "Retries": (
        "A request that failed is tried again after a delay that doubles each time.",
        "Random jitter keeps thousands of clients from retrying in the same second.",
        "Only requests that are idempotent may be retried without an idempotency key.",
        "A retry budget stops retries when more than a tenth of all requests are retries.",
        "Timeouts belong to the whole request; a timeout of a single read never ends a drip.",
        "The last retry tells the caller which delay the server asked for.",
        "Retrying a rejected request only adds load: read the status before the retry.",
    ),
    "Migrations": (
        "A migration adds a nullable column first and fills it in batches afterwards.",
        "Each migration runs in a transaction, so that a failing one leaves the schema as it was.",
        "An index on a large table is built concurrently, outside of the transaction.",
        "Columns are dropped one release after the last code that read the column.",
        "A lock timeout ends a migration before the table's readers queue up behind it.",
        "The migration is rehearsed on a copy of the production schema.",
        "Renaming a table breaks every replica's queries at once: add a view instead.",
    ),
    "Invoices": (
        "An invoice is numbered without gaps, even when two invoices are issued at once.",
        "Amounts on an invoice are whole cents; rounding happens once, on the total.",
        "A credit note refers to its invoice and never changes the invoice itself.",
        "Tax is computed per line of the invoice with the rate of the day of delivery.",
        "The customer's address is copied onto the invoice when the invoice is issued.",
        "Unpaid invoices are reminded after fourteen days and blocked after sixty.",
        "Currency is stored beside every amount, never assumed for the whole invoice.",
    ),
    "Search": (
        "The search index is updated in the same transaction as the document.",
        "Ranking adds the words of the title with more weight than those of the body.",
        "A query of a single letter is answered from a short list of common prefixes.",
        "Synonyms are expanded when the query is parsed, not when documents are indexed.",
        "Facets are counted over the whole result and not over the page that is shown.",
        "A typing error is forgiven when the query is at least five letters long.",
        "Semantic search falls back to keywords when no vector is to be had.",
    ),
    "Sign-in": (
        "A password is hashed with a slow function and a salt of its own.",
        "After five failed sign-ins the account waits a minute before the next sign-in.",
        "The session's token is rotated at sign-in, so that an old one cannot be fixed.",
        "A second factor is asked for when a device signs in for the first time.",
        "Resetting a password ends every session of the account but the present one.",
        "The sign-in page never says whether the account or the password was wrong.",
        "Passkeys replace the password where the browser of the account supports them.",
    ),
}


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """A row of articles."""

    id: UUID
    tenant_id: UUID
    title: str
    body: str
    slug: str
    inserted_at: datetime


def articles(seed: int = 7) -> tuple[ArticleRow, ...]:
    """Return the articles of the tenants in `KEYS`, the same for the same seed."""
    return tuple(
        row
        for owner in organizations(seed)
        if owner.profile.slug in KEYS
        for row in _articles(seed, owner.place, owner.profile.slug, owner.row.id)
    )


def _articles(seed: int, place: int, slug: str, tenant_id: UUID) -> Iterator[ArticleRow]:
    random = stream(seed, KNOWLEDGE, place=place)
    for topic, sentences in _TOPICS.items():
        for number in range(1, _ARTICLES_PER_TOPIC + 1):
            name = f"{topic.lower()}-{number}"
            chosen = random.choice(len(sentences), _SENTENCES_PER_ARTICLE, replace=False)
            yield ArticleRow(
                id=row_id(seed, f"{slug}/article/{name}"),
                tenant_id=tenant_id,
                title=f"{topic}, part {number}",
                body=" ".join(sentences[index] for index in chosen),
                slug=name,
                inserted_at=_WRITTEN,
            )
