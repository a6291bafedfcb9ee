"""Approximate nearest neighbours from loopctl's vector index (HNSW), which knows no tenant."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from psycopg import sql

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines.knowledge.search.articles import SIMILARITY_DIGITS, Neighbour

EF_SEARCH: Final = 1_000
"""Candidates that a scan keeps at a time, the most that pgvector allows; its default is 40."""

POOL_ARTICLES: Final = 3_000
"""Articles of the tenant that a scan finds; the nearest of them are the result."""

MOST_SCANNED: Final = 50_000
"""Articles, of all tenants, after which a scan gives up: about half a second."""

_ITERATIVE_SCAN = "relaxed_order"
# SET LOCAL, because a sharded PostgreSQL passes on no set_config. An iterative scan goes on beyond
# its first candidates until enough of them are the tenant's. Without sorts and hashes the planner
# takes no other plan than the index.
_BEGIN: Final = sql.SQL(
    "SET LOCAL hnsw.iterative_scan = {iterative}; "
    "SET LOCAL hnsw.ef_search = {candidates}; "
    "SET LOCAL hnsw.max_scan_tuples = {most_scanned}; "
    "SET LOCAL enable_sort = off; "
    "SET LOCAL enable_hashjoin = off; "
    "SET LOCAL enable_mergejoin = off"
)


def begin_index_search(connection: TenantConnection, candidates: int) -> None:
    """Make the transaction's searches use the vector index, and go on until the pool is full.

    Args:
        connection: in a transaction of the tenant.
        candidates: how many articles may be found. A scan that has seen as many, whosever they
            are, gives up: comparing with all would have taken no longer.
    """
    connection.execute(
        _BEGIN.format(
            iterative=sql.Literal(_ITERATIVE_SCAN),
            candidates=sql.Literal(EF_SEARCH),
            most_scanned=sql.Literal(min(candidates, MOST_SCANNED)),
        )
    )


def nearest_in_index(
    connection: TenantConnection,
    tenant_id: UUID,
    article_ids: Sequence[UUID],
    space: VectorSpace,
    limit: int,
) -> dict[UUID, list[Neighbour]]:
    """Return up to `limit` neighbours of each article, the nearest first, however far they are.

    An article is left out if the pool could not be filled for it: it has to be compared with all.

    Args:
        connection: in a transaction of the tenant, after `begin_index_search`.
        tenant_id: the tenant.
        article_ids: articles of the space.
        space: of the vectors.
        limit: at most `POOL_ARTICLES`.
    """
    parameters = {
        "tenant_id": tenant_id,
        "article_ids": list(article_ids),
        "model": space.model,
        "dimension": space.dimension,
        "pool": POOL_ARTICLES,
        "limit": limit,
    }
    found: dict[UUID, list[Neighbour]] = {}
    for article_id, neighbour_id, similarity, pool_articles in connection.execute(
        statement(__package__, "nearest_in_index"), parameters
    ):
        if pool_articles >= POOL_ARTICLES:
            near = Neighbour(neighbour_id, round(similarity, SIMILARITY_DIGITS))
            found.setdefault(article_id, []).append(near)
    for neighbours in found.values():
        neighbours.sort(key=lambda neighbour: (-neighbour.similarity, neighbour.id))
    return found
