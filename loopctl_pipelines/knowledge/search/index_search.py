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

_ITERATIVE_SCAN = "strict_order"
# SET LOCAL, because a sharded PostgreSQL passes on no set_config. An iterative scan goes on beyond
# its first candidates until enough of them are the tenant's. Without sorts and hashes the planner
# takes no other plan than the index.
_BEGIN: Final = sql.SQL(
    "SET LOCAL hnsw.iterative_scan = {iterative}; "
    "SET LOCAL hnsw.ef_search = {candidates}; "
    "SET LOCAL hnsw.max_scan_tuples = 100000; "
    "SET LOCAL enable_sort = off; "
    "SET LOCAL enable_hashjoin = off; "
    "SET LOCAL enable_mergejoin = off"
)


def begin_index_search(connection: TenantConnection) -> None:
    """Make the transaction's searches use the vector index, and go on until they find enough."""
    connection.execute(
        _BEGIN.format(candidates=sql.Literal(EF_SEARCH), iterative=sql.Literal(_ITERATIVE_SCAN))
    )


def nearest_in_index(
    connection: TenantConnection,
    tenant_id: UUID,
    article_ids: Sequence[UUID],
    space: VectorSpace,
    limit: int,
) -> dict[UUID, list[Neighbour]]:
    """Return up to `limit` neighbours of each article, the nearest first, however far they are."""
    begin_index_search(connection)
    parameters = {
        "tenant_id": tenant_id,
        "article_ids": list(article_ids),
        "model": space.model,
        "dimension": space.dimension,
        "limit": limit,
    }
    found: dict[UUID, list[Neighbour]] = {article_id: [] for article_id in article_ids}
    for article_id, neighbour_id, similarity in connection.execute(
        statement(__package__, "nearest_in_index"), parameters
    ):
        found[article_id].append(Neighbour(neighbour_id, round(similarity, SIMILARITY_DIGITS)))
    for neighbours in found.values():
        neighbours.sort(key=lambda neighbour: (-neighbour.similarity, neighbour.id))
    return found
