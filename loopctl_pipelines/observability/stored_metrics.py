"""The metrics that are counted in loopctl's database, whichever process did the work."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID

import psycopg
from prometheus_client.metrics_core import Metric

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.llm.vendors import VENDORS
from loopctl_pipelines.observability import operator_queries as queries
from loopctl_pipelines.observability.families import Family, single
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.operator_queries import list_tenants

ALL_TENANTS: Final = "all"
"""In LOOPCTL_METRICS_TENANTS: every tenant is named."""

_OPERATIONS: Final = tuple((operation.value,) for operation in Operation)
_DAYS: Final = tuple((day, *each) for day in ("today", "yesterday") for each in _OPERATIONS)
_OTHER: Final = "other"

_QUEUES: Final = ("embeddings", "extractions", "ingestion")

_ITEMS: Final = Family(
    "queue_items",
    "Articles, documents and reviews that are pending",
    ("queue",),
    known=tuple((queue,) for queue in _QUEUES),
)
_OLDEST: Final = Family(
    "queue_oldest_timestamp_seconds",
    "Since when the oldest pending item of a tenant with a key waits; no value if there is none",
    ("queue",),
    total=min,
)
_WITHOUT_KEY: Final = Family(
    "embedding_articles_without_key",
    "Pending articles whose tenant has no embedding key",
    known=((),),
)
_PAUSED: Final = Family(
    "pauses",
    "Tenants whose operation is paused: a vendor asked for it, or a key is missing",
    ("operation",),
    known=((Operation.EMBEDDING.value,), (Operation.EXTRACTION.value,)),
)
_CIRCUITS: Final = Family(
    "circuits",
    "Tenants whose circuit at the vendor is not closed",
    ("vendor", "state"),
    known=tuple((vendor, state) for vendor in VENDORS for state in ("open", "half-open")),
)
_TOKENS: Final = Family(
    "llm_tokens",
    "Tokens that vendors billed on the UTC day",
    ("day", "operation", "direction"),
    known=tuple((*each, direction) for each in _DAYS for direction in ("input", "output")),
)
_REQUESTS: Final = Family(
    "llm_requests", "Requests that vendors billed on the UTC day", ("day", "operation"), known=_DAYS
)
_DOLLARS: Final = Family(
    "llm_dollars", "Cost of the UTC day by list price", ("day", "operation"), known=_DAYS
)
_UNPRICED: Final = Family(
    "llm_unpriced_tokens",
    "Tokens of models whose list price is not known, which no dollars are counted for",
    ("day", "operation"),
    known=_DAYS,
)
_BLOCKED: Final = Family(
    "llm_blocked",
    "Audited operations without an API key, since the first of the UTC month",
    ("operation",),
    is_counter=True,
    known=_OPERATIONS,
)
_SKIPPED: Final = Family(
    "embedding_skipped_no_key",
    "Audited embeddings without an API key, since the first of the UTC month",
    is_counter=True,
    known=((),),
)


@dataclass(frozen=True, slots=True)
class Scrape:
    """What was read, and what was not.

    Attributes:
        metrics: of the sources that could be read.
        errors: 1 for each source that could not be read, 0 for the others.
        named: slugs of the tenants that may be named.
    """

    metrics: list[Metric] = field(default_factory=list)
    errors: dict[str, float] = field(default_factory=dict)
    named: dict[UUID, str] = field(default_factory=dict)

    def families(self) -> list[Metric]:
        """Return all metrics, `loopctl_scrape_error` among them."""
        meaning = "1: the source could not be read, and its metrics are missing"
        return [*self.metrics, single("scrape_error", meaning, "source", self.errors)]


def read_stored(database: Database, settings: Settings) -> Scrape:
    """Return the metrics; those of a source that cannot be read are missing.

    Args:
        database: loopctl's database.
        settings: say which tenants are named, and whose reviews are extracted here.
    """
    named: dict[UUID, str] = {}

    def read_names() -> Iterable[Metric]:
        named.update(_named_tenants(database, settings))
        return ()

    sources: dict[str, Callable[[], Iterable[Metric]]] = {
        "tenants": read_names,
        "queues": lambda: _queues(database, settings, named),
        "circuits": lambda: _circuits(database, named),
        "ledger": lambda: _ledger(database, named),
        "audit": lambda: _audit(database, named),
    }
    scrape = Scrape(errors=dict.fromkeys(sources, 1.0), named=named)
    for name, read in sources.items():
        try:
            scrape.metrics.extend(list(read()))
            scrape.errors[name] = 0.0
        except DatabaseUnreachableError:
            # each further attempt would wait as long
            break
        except (PipelinesError, psycopg.Error):
            continue
    return scrape


def _named_tenants(database: Database, settings: Settings) -> dict[UUID, str]:
    wanted = settings.metrics_tenants
    if not wanted:
        return {}
    return {
        tenant.id: slug
        for slug, tenant in list_tenants(database).items()
        if slug in wanted or ALL_TENANTS in wanted
    }


def _queues(database: Database, settings: Settings, named: Mapping[UUID, str]) -> Iterator[Metric]:
    embeddings = queries.embedding_queue(database)
    extractions = queries.extraction_queue(database, settings.extract_reviews)
    ingestion = queries.ingestion_queue(database)
    queues = zip(_QUEUES, (embeddings, extractions, ingestion), strict=True)
    each = [(name, one) for name, queue in queues for one in queue]
    yield from _ITEMS.metrics(((one.tenant_id, (name,), one.items) for name, one in each), named)
    waiting = (
        (one.tenant_id, (name,), one.oldest.timestamp())
        for name, one in each
        if one.oldest is not None
    )
    yield from _OLDEST.metrics(waiting, named)
    without_key = ((one.tenant_id, (), one.without_key) for one in embeddings)
    yield from _WITHOUT_KEY.metrics(without_key, named)
    paused = queries.paused_operations(database)
    yield from _PAUSED.metrics(((tenant, (name,), 1) for tenant, name in paused), named)


def _circuits(database: Database, named: Mapping[UUID, str]) -> Iterator[Metric]:
    opened = queries.opened_circuits(database)
    values = (
        (tenant, (vendor, "open" if is_open else "half-open"), 1.0)
        for tenant, vendor, is_open in opened
    )
    yield from _CIRCUITS.metrics(values, named)


def _ledger(database: Database, named: Mapping[UUID, str]) -> Iterator[Metric]:
    today = datetime.combine(datetime.now(UTC).date(), time())
    billed = [
        (tenant, ("today" if one.day >= today else "yesterday", _known(one.operation)), one)
        for tenant, one in queries.billed_requests(database, today - timedelta(days=1))
    ]
    tokens = [
        (tenant, (*labels, direction), float(count))
        for tenant, labels, one in billed
        for direction, count in (("input", one.input_tokens), ("output", one.output_tokens))
    ]
    yield from _TOKENS.metrics(tokens, named)
    requests = ((tenant, labels, one.event_count) for tenant, labels, one in billed)
    yield from _REQUESTS.metrics(requests, named)
    priced = [(tenant, labels, one, one.dollars()) for tenant, labels, one in billed]
    dollars = ((tenant, labels, float(cost or 0)) for tenant, labels, _, cost in priced)
    yield from _DOLLARS.metrics(dollars, named)
    unpriced = (
        (tenant, labels, 0.0 if cost is not None else one.input_tokens + one.output_tokens)
        for tenant, labels, one, cost in priced
    )
    yield from _UNPRICED.metrics(unpriced, named)


def _audit(database: Database, named: Mapping[UUID, str]) -> Iterator[Metric]:
    blocked = queries.blocked_operations(database)
    values = ((tenant, (_known(operation),), count) for tenant, operation, count in blocked)
    yield from _BLOCKED.metrics(values, named)
    skipped = ((tenant, (), count) for tenant, op, count in blocked if op == Operation.EMBEDDING)
    yield from _SKIPPED.metrics(skipped, named)


def _known(operation: str) -> str:
    """Return the operation, or `other`: loopctl's columns take any text."""
    return operation if operation in tuple(Operation) else _OTHER
