"""The statements of a search, each for a transaction of one tenant.

All raise psycopg.Error if the statement fails; the transaction must then be rolled back.
"""

from typing import Final
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.embedding.storage.vectors import register_vector_type
from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines.knowledge.embedding.work.text_embedding import EmbeddedText
from loopctl_pipelines.knowledge.search.ranked.cursor import Place
from loopctl_pipelines.knowledge.search.ranked.index_scan import IndexScan
from loopctl_pipelines.knowledge.search.ranked.pages import (
    FoundWords,
    ListPage,
    ListPart,
    VectorPage,
)
from loopctl_pipelines.knowledge.search.ranked.rules import (
    CANDIDATES,
    NEAREST,
    RANK_CONSTANT,
    SIDE_WEIGHT,
    Filters,
    Slice,
    word_weights,
)

_BODY_CHARACTERS: Final = 100_000
"""Characters of a body in which a snippet is searched."""

_MOST_SCANNED: Final = 50_000
# The scan goes on, beyond its first candidates, until enough of what it finds are the tenant's.
# SET LOCAL, because a sharded PostgreSQL passes on no set_config. Without sorts and hashes the
# planner takes no other plan than the index.
_IN_INDEX: Final = sql.SQL(
    "SET LOCAL hnsw.iterative_scan = 'relaxed_order'; "
    "SET LOCAL hnsw.ef_search = {candidates}; "
    "SET LOCAL hnsw.max_scan_tuples = {most}; "
    "SET LOCAL enable_sort = off; "
    "SET LOCAL enable_hashjoin = off; "
    "SET LOCAL enable_mergejoin = off"
)


def parameters(tenant_id: UUID, filters: Filters, wanted: Slice) -> dict[str, object]:
    """Return the parameters that all statements of a search share."""
    return {
        "tenant_id": tenant_id,
        "project_id": filters.project_id,
        "category": filters.category,
        "tags": None if filters.tags is None else list(filters.tags),
        "all_tags": filters.all_tags,
        **filters.viewer.parameters,
        "limit": wanted.limit,
        "offset": wanted.offset,
        "body_characters": _BODY_CHARACTERS,
    }


def word_page(
    connection: TenantConnection, tenant_id: UUID, found: FoundWords, filters: Filters
) -> str:
    """Return the articles that were found, a JSON array; those that are still to be seen."""
    asked = parameters(tenant_id, filters, Slice()) | {
        "query": found.query.tsquery,
        "ids": found.ids,
        "ranks": found.ranks,
    }
    row = connection.execute(statement(__package__, "word_page"), asked, prepare=False).fetchone()
    return str(row[0]) if row else "[]"


def search_vector(  # noqa: PLR0913, PLR0917 - the search
    connection: TenantConnection,
    tenant_id: UUID,
    text: EmbeddedText,
    found: FoundWords | None,
    filters: Filters,
    wanted: Slice,
    *,
    scan: IndexScan | None,
) -> VectorPage:
    """Return the articles near a text, fused by rank with those that a query found.

    Args:
        connection: a transaction of the tenant.
        tenant_id: the tenant.
        text: whose vector is compared.
        found: the best articles of a query, whose words are marked in snippets; None: no fusion,
            the score is the similarity.
        filters: which articles are searched.
        wanted: the page.
        scan: of the vector index, which may give too few; None: compare one by one.
    """
    register_vector_type(connection)
    fused = found is not None
    pool = pool_size(wanted, fused=fused)
    if scan is not None:
        most, candidates = sql.Literal(_MOST_SCANNED), sql.Literal(scan.candidates)
        connection.execute(_IN_INDEX.format(candidates=candidates, most=most))
    asked = parameters(tenant_id, filters, wanted) | {
        "query": found.query.tsquery if found else "",
        "vector": text.vector,
        "model": text.space.model,
        "dimension": text.space.dimension,
        "in_index": scan is not None,
        "fused": fused,
        "ids": found.ids if found else [],
        "weights": word_weights(found.query.words, found.ranks) if found else [],
        "pool": pool,
        "scanned": max(pool, scan.articles) if scan else 0,
        "countable": NEAREST + 1,
        "weight": SIDE_WEIGHT,
        "constant": RANK_CONSTANT,
    }
    cursor = connection.cursor(row_factory=class_row(VectorPage))
    # planned for these parameters: an index is used or not
    query_text = statement(__package__, "search_vector")
    return cursor.execute(query_text, asked, prepare=False).fetchone() or _NOTHING_NEAR


def pool_size(wanted: Slice, *, fused: bool) -> int:
    """Return how many near articles a page is taken from."""
    return CANDIDATES if fused else min(wanted.offset + wanted.limit, NEAREST)


def list_page(
    connection: TenantConnection, tenant_id: UUID, filters: Filters, wanted: Slice
) -> ListPage:
    """Return the articles that fit, the last changed first."""
    cursor = connection.cursor(row_factory=class_row(ListPage))
    asked = parameters(tenant_id, filters, wanted)
    found = cursor.execute(statement(__package__, "list_page"), asked, prepare=False)
    return found.fetchone() or ListPage(0, "[]")


def list_after(  # noqa: PLR0913 - the list
    connection: TenantConnection,
    tenant_id: UUID,
    filters: Filters,
    place: Place | None,
    limit: int,
    *,
    include_body: bool,
) -> ListPart:
    """Return the next articles that fit, the oldest first; None: from the start."""
    cursor = connection.cursor(row_factory=class_row(ListPart))
    asked = parameters(tenant_id, filters, Slice(limit)) | {
        "after": place and place.inserted_at,
        "after_id": place and place.id,
        "include_body": include_body,
    }
    found = cursor.execute(statement(__package__, "list_after"), asked, prepare=False)
    return found.fetchone() or ListPart(0, None, None, "[]")


def count_all_tenants(connection: TenantConnection) -> int:
    """Return about how many articles all tenants have; 0: not known."""
    row = connection.execute(statement(__package__, "count_all_tenants")).fetchone()
    return int(row[0]) if row else 0


def count_spaces(connection: TenantConnection, tenant_id: UUID) -> dict[VectorSpace | None, int]:
    """Return the published articles by the space of their vector; None: they have none."""
    rows = connection.execute(statement(__package__, "count_spaces"), {"tenant_id": tenant_id})
    return {
        None if model is None else VectorSpace(model, dimension): articles
        for model, dimension, articles in rows
    }


_NOTHING_NEAR: Final = VectorPage(0, 0, 0, "[]")
