"""Creates articles with vectors for a test, as embedding leaves them, and reads their links."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4, uuid5

import numpy as np
import numpy.typing as npt

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines.knowledge.linking.linker import LinkedTenant, Linker
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines_tests.usage import LONG_AGO, id_of

Vector = npt.NDArray[np.float32]
Link = tuple[str, str, str]
_SPACE = VectorSpace()

_ADD_TENANT = (
    "INSERT INTO tenants (id, name, slug, status, inserted_at, updated_at)"
    " VALUES (%(id)s, %(slug)s, %(slug)s, 'active', %(at)s, %(at)s)"
)
_ADD_PROJECT = (
    "INSERT INTO projects (id, tenant_id, name, slug, inserted_at, updated_at)"
    " VALUES (%(id)s, %(tenant)s, %(name)s, %(name)s, %(at)s, %(at)s) ON CONFLICT DO NOTHING"
)
_ADD_ARTICLES = (
    "INSERT INTO articles (id, tenant_id, project_id, title, body, category, status, slug,"
    " embedding, embedding_content_hash, inserted_at, updated_at)"
    " SELECT id, %(tenant)s, %(project)s, title, '', 'note', 'published', title, vector::vector,"
    " md5(vector), %(at)s, %(at)s"
    " FROM unnest(%(ids)s::uuid[], %(titles)s::text[], %(vectors)s::text[])"
    " AS made (id, title, vector)"
)
_ADD_STATES = (
    "INSERT INTO loopctl_pipelines.embedding_states"
    " (tenant_id, article_id, row_version, model, dimension, content_hash, updated_at)"
    " SELECT tenant_id, id, xmin, %(model)s, %(dimension)s, embedding_content_hash, now()"
    " FROM articles WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s)"
    " ON CONFLICT (tenant_id, article_id) DO UPDATE SET model = excluded.model,"
    " dimension = excluded.dimension, content_hash = excluded.content_hash, failure = NULL"
)
_SET_VECTORS = (
    "UPDATE articles SET embedding = made.vector::vector, embedding_content_hash = md5(made.vector)"
    " FROM unnest(%(ids)s::uuid[], %(vectors)s::text[]) AS made (id, vector)"
    " WHERE articles.id = made.id"
)
_LINKS = (
    "SELECT source.title, target.title, link.relationship_type, link.metadata"
    " FROM article_links AS link"
    " JOIN articles AS source ON source.id = link.source_article_id"
    " JOIN articles AS target ON target.id = link.target_article_id"
)
_ADD_LINK = (
    "INSERT INTO article_links (id, tenant_id, source_article_id, target_article_id,"
    " relationship_type, metadata, inserted_at)"
    " VALUES (%(id)s, %(tenant)s, %(source)s, %(target)s, %(type)s, %(metadata)s::jsonb, %(at)s)"
)
_ADD_VERDICT = (
    "INSERT INTO conflict_resolutions (id, tenant_id, source_article_id, target_article_id,"
    " disposition, annotated_at, inserted_at, updated_at)"
    " VALUES (%(id)s, %(tenant)s, %(source)s, %(target)s, 'dismiss', %(at)s, %(at)s, %(at)s)"
)


def at_similarity(similarity: float, axis: int = 1) -> Vector:
    """Return a unit vector with this similarity to `at_similarity(1)`, turned towards an axis."""
    vector = np.zeros(1536, dtype=np.float64)
    vector[0], vector[axis] = similarity, np.sqrt(1 - similarity**2)
    return vector.astype(np.float32)


@dataclass
class Corpus:
    """Tenants with articles that have vectors."""

    database: Database

    def tenant(self, slug: str) -> UUID:
        with self.database.operator_transaction() as connection:
            parameters = {"id": id_of(slug), "slug": slug, "at": LONG_AGO}
            connection.execute(_ADD_TENANT, parameters)
        return id_of(slug)

    def add(
        self,
        slug: str,
        vectors: dict[str, Vector],
        *,
        project: str | None = None,
        space: VectorSpace = _SPACE,
    ) -> None:
        """Add published articles by title."""
        parameters = self._parameters(slug, vectors, space)
        parameters["project"] = None if project is None else id_of(slug, "project", project)
        with self.database.tenant_transaction(id_of(slug)) as connection:
            if project is not None:
                made = {"id": parameters["project"], "name": project}
                connection.execute(_ADD_PROJECT, parameters | made)
            connection.execute(_ADD_ARTICLES, parameters)
            connection.execute(_ADD_STATES, parameters)

    def embed_again(
        self, slug: str, vectors: dict[str, Vector], space: VectorSpace = _SPACE
    ) -> None:
        """Give articles other vectors, as if their texts or the model had changed."""
        parameters = self._parameters(slug, vectors, space)
        with self.database.tenant_transaction(id_of(slug)) as connection:
            connection.execute(_SET_VECTORS, parameters)
            connection.execute(_ADD_STATES, parameters)

    def link_by_hand(
        self, slug: str, source: str, target: str, kind: str, metadata: str = "{}"
    ) -> None:
        """Link two articles as loopctl does for a person or, by its metadata, for itself."""
        with self.database.tenant_transaction(id_of(slug)) as connection:
            ends = self._ends(slug, source, target)
            connection.execute(_ADD_LINK, ends | {"type": kind, "metadata": metadata})

    def judge(self, slug: str, source: str, target: str) -> None:
        """Dismiss a potential conflict."""
        with self.database.tenant_transaction(id_of(slug)) as connection:
            connection.execute(_ADD_VERDICT, self._ends(slug, source, target))

    def execute(self, slug: str, query: str) -> list[tuple[Any, ...]]:
        """Run a statement in a transaction of the tenant."""
        with self.database.tenant_transaction(id_of(slug)) as connection:
            cursor = connection.execute(query.encode())
            return cursor.fetchall() if cursor.description else []

    def link(self, *slugs: str) -> LinkedTenant:
        """Link the changed articles of tenants; return the outcome of the first."""
        tenants = list_tenants(self.database)
        outcomes = list(Linker(self.database).link([tenants[slug] for slug in slugs]))
        assert [outcome.slug for outcome in outcomes] == list(slugs)
        return outcomes[0]

    def links(self, slug: str) -> dict[Link, Any]:
        """Return the similarity of each link, None of a person's, by titles and type."""
        rows = self.execute(slug, _LINKS)
        found = {row[:3]: row[3].get("similarity_score") for row in rows}
        assert len(found) == len(rows)
        return found

    def audited(self, slug: str) -> list[dict[str, int]]:
        """Return what the audit rows of linking say, the first one first."""
        return [
            state
            for (state,) in self.execute(
                slug,
                "SELECT new_state FROM audit_log WHERE action = 'knowledge.articles_linked'"
                " ORDER BY inserted_at",
            )
        ]

    @staticmethod
    def _parameters(slug: str, vectors: dict[str, Vector], space: VectorSpace) -> dict[str, Any]:
        return {
            "tenant": id_of(slug),
            "ids": [uuid5(id_of(slug), title) for title in vectors],
            "titles": list(vectors),
            "vectors": [str(vector.tolist()) for vector in vectors.values()],
            "model": space.model,
            "dimension": space.dimension,
            "at": LONG_AGO,
        }

    @staticmethod
    def _ends(slug: str, source: str, target: str) -> dict[str, Any]:
        tenant = id_of(slug)
        ends = {"source": uuid5(tenant, source), "target": uuid5(tenant, target)}
        return {"id": uuid4(), "tenant": tenant, "at": LONG_AGO, **ends}
