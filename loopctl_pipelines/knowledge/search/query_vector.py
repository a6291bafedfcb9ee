"""The nearest articles of a vector that belongs to no article yet."""

from collections.abc import Mapping
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.embedding.storage.rows import Vector
from loopctl_pipelines.knowledge.embedding.storage.vectors import register_vector_type
from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines.knowledge.search.articles import SIMILARITY_DIGITS, Method, Neighbour
from loopctl_pipelines.knowledge.search.index_search import POOL_ARTICLES, begin_index_search
from loopctl_pipelines.knowledge.search.nearest import method_for


def nearest_to_vector(  # noqa: PLR0913 - what a search depends on
    connection: TenantConnection,
    tenant_id: UUID,
    vector: Vector,
    space: VectorSpace,
    filters: Mapping[str, object],
    *,
    limit: int,
    has_iterative_scan: bool,
) -> list[Neighbour]:
    """Return the published articles that are nearest to a vector, the nearest first.

    Args:
        connection: a transaction of the tenant.
        tenant_id: the tenant.
        vector: as it would be stored.
        space: of the vector; articles of other spaces are left out.
        filters: `project_id`, whose articles and the whole tenant's are compared (None: all), and
            `Viewer.parameters`: articles that the caller does not see are left out.
        limit: most articles.
        has_iterative_scan: pgvector's index can be searched for one tenant's articles.

    Raises:
        psycopg.Error: if a statement fails; the transaction must then be rolled back.
    """
    register_vector_type(connection)
    parameters = {
        "tenant_id": tenant_id,
        "vector": vector,
        "model": space.model,
        "dimension": space.dimension,
        **filters,
        "limit": limit,
    }
    rows = connection.execute(statement(__package__, "count_candidates"), parameters)
    candidates = sum(articles for _, articles in rows)
    if method_for(1, candidates, has_iterative_scan=has_iterative_scan) is Method.APPROXIMATE:
        with connection.transaction(force_rollback=True):  # ends the settings of the scan
            begin_index_search(connection, candidates)
            found = _run(connection, "approximate_to_vector", parameters)
        if len(found) == limit:
            return found
    return _run(connection, "exact_to_vector", parameters)


def _run(
    connection: TenantConnection, name: str, parameters: Mapping[str, object]
) -> list[Neighbour]:
    cursor = connection.cursor(row_factory=class_row(Neighbour))
    found = cursor.execute(statement(__package__, name), {**parameters, "pool": POOL_ARTICLES})
    rounded = [Neighbour(near.id, round(near.similarity, SIMILARITY_DIGITS)) for near in found]
    return sorted(rounded, key=lambda near: (-near.similarity, near.id))
