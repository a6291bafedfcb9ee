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
from loopctl_pipelines.knowledge.search.index_search import begin_index_search
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
    row = connection.execute(statement(__package__, "count_comparable"), parameters).fetchone()
    method = method_for(1, int(row[0]) if row else 0, has_iterative_scan=has_iterative_scan)
    if method is Method.APPROXIMATE:
        begin_index_search(connection)
    cursor = connection.cursor(row_factory=class_row(Neighbour))
    found = cursor.execute(statement(__package__, f"{method.value}_to_vector"), parameters)
    rounded = [Neighbour(near.id, round(near.similarity, SIMILARITY_DIGITS)) for near in found]
    return sorted(rounded, key=lambda near: (-near.similarity, near.id))
