"""Writes the sample's articles, reviews and keys, and hands in its documents."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from uuid import UUID

from psycopg.types.json import Jsonb

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.demo.sample.handed_in import DOCUMENTS, Document, ReviewRow
from loopctl_pipelines.demo.sample.knowledge import KEYS, ArticleRow
from loopctl_pipelines.knowledge.ingestion.documents.read_document import (
    FetchedDocument,
    read_document,
)
from loopctl_pipelines.knowledge.ingestion.submission.request import (
    IngestionRequest,
    validate_request,
)
from loopctl_pipelines.knowledge.ingestion.submission.submit import submit
from loopctl_pipelines.llm.cloak import encrypt
from loopctl_pipelines.tenants.operator_queries import list_tenants

_as_text = partial(json.dumps, default=str)


def fill_knowledge(
    database: Database,
    articles: Sequence[ArticleRow],
    reviews: Sequence[ReviewRow],
    cloak_key: bytes,
) -> int:
    """Write articles, reviews and encrypted keys, each tenant's in a transaction of that tenant.

    Existing articles, reviews and keys are not changed. Loopctl's own extraction is turned off for
    tenants with reviews.

    Args:
        database: with the sample's tenants.
        articles: the sample's.
        reviews: the sample's.
        cloak_key: 32 bytes that encrypt the keys.

    Returns:
        The number of articles that were added.
    """
    tenants = list_tenants(database)
    added = 0
    for slug, key in KEYS.items():
        tenant_id = tenants[slug].id
        encrypted = key and encrypt(key, cloak_key)
        keys = {"tenant_id": tenant_id, "api_key": encrypted, "embedding_api_key": encrypted}
        with database.tenant_transaction(tenant_id) as connection:
            rows = _rows(articles, tenant_id)
            added += connection.execute(statement(__package__, "insert_articles"), rows).rowcount
            connection.execute(statement(__package__, "insert_llm_settings"), keys)
            connection.execute(statement(__package__, "insert_reviews"), _rows(reviews, tenant_id))
    with database.operator_transaction() as connection:
        for tenant_id in {review.tenant_id for review in reviews}:
            own = {"tenant_id": tenant_id}
            connection.execute(statement(__package__, "stop_own_extraction"), own)
    return added


def hand_in_documents(database: Database) -> None:
    """Hand in the sample's documents as `ingest` does; one that waits already is not queued twice.

    Each is handed in by itself, so that the order of their times is theirs.
    """
    tenants = list_tenants(database)
    for document in DOCUMENTS:
        tenant_id = tenants[document.slug].id
        with database.tenant_transaction(tenant_id) as connection:
            submit(connection, tenant_id, _request(document), None)


def _request(document: Document) -> IngestionRequest:
    read = read_document(document.body, document.content_type)
    if not isinstance(read, FetchedDocument):
        raise TypeError(f"The sample's document {document.name} cannot be read: {read}.")
    return validate_request(
        ports=(), content=read.content, source_name=document.name, publish=document.publish
    )


def _rows(rows: Sequence[ArticleRow | ReviewRow], tenant_id: UUID) -> dict[str, Jsonb]:
    own = [asdict(row) for row in rows if row.tenant_id == tenant_id]
    return {"rows": Jsonb(own, dumps=_as_text)}
