"""Articles with vectors of their texts, as embedding leaves them, and a client that searches."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import httpx2

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines.knowledge.embedding.texts.text import article_text
from loopctl_pipelines.llm.cloak import encrypt
from loopctl_pipelines.llm.fake.lexical import lexical_vector
from loopctl_pipelines_tests.api.serving import Api
from loopctl_pipelines_tests.knowledge.embedding.knowledge import CLOAK_KEY, KEY
from loopctl_pipelines_tests.usage import LONG_AGO, id_of

SEARCH = "/api/v1/knowledge/search"
_SPACE = VectorSpace()

_ADD = (
    "INSERT INTO articles (id, tenant_id, project_id, title, body, category, tags, status, slug,"
    " metadata, embedding, embedding_content_hash, inserted_at, updated_at)"
    " VALUES (%(id)s, %(tenant)s, %(project)s, %(title)s, %(body)s, %(category)s, %(tags)s,"
    " %(status)s, %(slug)s, %(metadata)s, %(vector)s::vector, '', %(at)s, %(at)s)"
)
_ADD_STATE = (
    "INSERT INTO loopctl_pipelines.embedding_states"
    " (tenant_id, article_id, row_version, model, dimension, content_hash, updated_at)"
    " SELECT tenant_id, id, xmin, %(model)s, %(dimension)s, '', now()"
    " FROM articles WHERE id = %(id)s"
)
_ADD_PROJECT = (
    "INSERT INTO projects (id, tenant_id, name, slug, inserted_at, updated_at)"
    " VALUES (%(id)s, %(tenant)s, %(name)s, %(name)s, %(at)s, %(at)s) ON CONFLICT DO NOTHING"
)
_SET_KEY = (
    "INSERT INTO tenant_llm_settings (id, tenant_id, embedding_api_key, inserted_at, updated_at)"
    " VALUES (%(id)s, %(id)s, %(key)s, %(at)s, %(at)s)"
    " ON CONFLICT (tenant_id) DO UPDATE SET embedding_api_key = excluded.embedding_api_key"
)


@dataclass(frozen=True)
class Articles:
    """The articles of a test's tenants."""

    database: Database

    def add(  # noqa: PLR0913 - an article
        self,
        slug: str,
        title: str,
        body: str = "",
        *,
        project: str | None = None,
        category: str = "pattern",
        tags: tuple[str, ...] = (),
        status: str = "published",
        metadata: object = None,
        space: VectorSpace | None = _SPACE,
        vector: str | None = None,
    ) -> UUID:
        """Add an article with the lexical vector of its text; without a space it has none."""
        row = {
            "id": uuid5(id_of(slug), title),
            "tenant": id_of(slug),
            "project": None if project is None else self.project(slug, project),
            "title": title,
            "body": body,
            "category": category,
            "tags": list(tags),
            "status": status,
            "slug": str(uuid5(id_of(slug), title)),
            "metadata": json.dumps({} if metadata is None else metadata),
            "vector": (vector or vector_of(article_text(title, body))) if space else None,
            "at": LONG_AGO,
        }
        with self.database.tenant_transaction(id_of(slug)) as connection:
            connection.execute(_ADD, row)
            if space:
                state = {"id": row["id"], "model": space.model, "dimension": space.dimension}
                connection.execute(_ADD_STATE, state)
        return uuid5(id_of(slug), title)

    def project(self, slug: str, name: str) -> UUID:
        """Add a project, unless it is there, and return its id."""
        project = id_of(slug, "project", name)
        with self.database.operator_transaction() as connection:
            row = {"id": project, "tenant": id_of(slug), "name": name, "at": LONG_AGO}
            connection.execute(_ADD_PROJECT, row)
        return project

    def set_key(self, slug: str, key: str | None = KEY) -> None:
        """Set a tenant's embedding key."""
        encrypted = None if key is None else encrypt(key, CLOAK_KEY)
        with self.database.tenant_transaction(id_of(slug)) as connection:
            connection.execute(_SET_KEY, {"id": id_of(slug), "key": encrypted, "at": LONG_AGO})


def vector_of(text: str) -> str:
    """Return the lexical vector of a text, as PostgreSQL reads it."""
    return str(lexical_vector(text, _SPACE.dimension).tolist())


def found(response: httpx2.Response) -> list[str]:
    """Return the titles of an answer, in their order."""
    assert response.status_code == 200, response.text
    return [item["title"] for item in response.json()["data"]]


def meta(response: httpx2.Response) -> dict[str, Any]:
    """Return the meta of an answer."""
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()["meta"]
    return told


def search(api: Api, key: str, q: str | None = None, **params: object) -> httpx2.Response:
    """Search with a key."""
    given = {name: str(value) for name, value in params.items()}
    return api.get(SEARCH, key, ({} if q is None else {"q": q}) | given)
