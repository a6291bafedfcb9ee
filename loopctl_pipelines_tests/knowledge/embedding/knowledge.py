"""Creates tenants with articles and keys for a test, and reads their embedding state."""

from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from psycopg import sql

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.knowledge.embedding.work.guarded_provider import GuardedProvider
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import TenantOutcome
from loopctl_pipelines.llm.circuit import DEFAULT_POLICY, BreakerPolicy
from loopctl_pipelines.llm.cloak import encrypt
from loopctl_pipelines.llm.guarded_call import GuardedCall
from loopctl_pipelines.llm.openai.embedding_provider import EmbeddingProvider
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines_tests.usage import LONG_AGO, id_of

CLOAK_KEY = bytes(range(32))
KEY = "sk-of-the-tests"
OTHER_MODEL = "text-embedding-3-large"
ONE_ENDPOINT = b"of the tests"


@dataclass
class Knowledge:
    """Tenants and their articles in a test's database."""

    database: Database

    def tenant(
        self, slug: str, *, key: str | None = KEY, model: str | None = None, status: str = "active"
    ) -> UUID:
        """Add a tenant with an embedding key, if any, and return its id."""
        tenant = id_of(slug)
        with self.database.operator_transaction() as connection:
            connection.execute(
                "INSERT INTO tenants (id, name, slug, status, inserted_at, updated_at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                [tenant, slug, slug, status, LONG_AGO, LONG_AGO],
            )
        self.set_key(slug, key, model)
        return tenant

    def set_key(self, slug: str, key: str | None, model: str | None = None) -> None:
        """Set a tenant's embedding key and model, as loopctl does."""
        encrypted = None if key is None else encrypt(key, CLOAK_KEY)
        with self.database.tenant_transaction(id_of(slug)) as connection:
            connection.execute(
                "INSERT INTO tenant_llm_settings"
                " (id, tenant_id, embedding_api_key, embedding_model, inserted_at, updated_at)"
                " VALUES (%(id)s, %(id)s, %(key)s, %(model)s, %(at)s, %(at)s)"
                " ON CONFLICT (tenant_id) DO UPDATE SET"
                " embedding_api_key = excluded.embedding_api_key,"
                " embedding_model = excluded.embedding_model",
                {"id": id_of(slug), "key": encrypted, "model": model, "at": LONG_AGO},
            )

    def article(
        self, slug: str, title: str, body: str = "A body.", *, status: str = "published"
    ) -> UUID:
        """Add an article and return its id."""
        article = uuid5(id_of(slug), title)
        with self.database.tenant_transaction(id_of(slug)) as connection:
            connection.execute(
                "INSERT INTO articles (id, tenant_id, title, body, category, status, slug,"
                " inserted_at, updated_at) VALUES (%s, %s, %s, %s, 'note', %s, %s, %s, %s)",
                [article, id_of(slug), title, body, status, str(article), LONG_AGO, LONG_AGO],
            )
        return article

    def articles(self, slug: str, count: int, body: str | None = None) -> list[UUID]:
        """Add numbered articles, with the same body if one is given."""
        return [
            self.article(slug, f"Article {n}", body or f"This is about subject {n}.")
            for n in range(count)
        ]

    def edit(self, slug: str, article: UUID, **columns: object) -> None:
        """Change columns of an article."""
        assignments = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value))
            for name, value in columns.items()
        )
        with self.database.tenant_transaction(id_of(slug)) as connection:
            connection.execute(
                sql.SQL("UPDATE articles SET {} WHERE id = {}").format(assignments, article)
            )

    def vectors(self, slug: str) -> dict[str, str | None]:
        """Return the text of each article's vector by title."""
        rows = self.rows(slug, "SELECT title, embedding::text FROM articles")
        return dict(rows)

    def embedded(self, slug: str) -> set[str]:
        """Return the titles of the articles that have a vector."""
        return {title for title, vector in self.vectors(slug).items() if vector}

    def states(self, slug: str) -> dict[str, tuple[str | None, int, bool]]:
        """Return failure, attempts and whether it will be retried, by title."""
        rows = self.rows(
            slug,
            "SELECT title, failure, attempts, next_attempt_at IS NOT NULL"
            " FROM loopctl_pipelines.embedding_states AS state"
            " JOIN articles ON articles.id = state.article_id",
        )
        return {title: (failure, attempts, waits) for title, failure, attempts, waits in rows}

    def pending(self, slug: str) -> set[str]:
        """Return the titles of the pending articles."""
        rows = self.rows(slug, "SELECT title FROM loopctl_pipelines.pending_articles")
        return {title for (title,) in rows}

    def rows(self, slug: str, query: str) -> list[tuple[Any, ...]]:
        """Return rows that the tenant sees."""
        with self.database.tenant_transaction(id_of(slug)) as connection:
            return connection.execute(query.encode()).fetchall()

    def make_due(self, slug: str) -> None:
        """End the waits of the tenant and its articles."""
        with self.database.tenant_transaction(id_of(slug)) as connection:
            connection.execute(
                "UPDATE loopctl_pipelines.embedding_states SET next_attempt_at = now()"
                " WHERE next_attempt_at IS NOT NULL"
            )
            connection.execute(
                "UPDATE loopctl_pipelines.tenant_operations SET paused_until = now()"
                " WHERE paused_until IS NOT NULL"
            )

    def run(self, embedder: Embedder, *slugs: str) -> TenantOutcome:
        """Embed the pending articles of these tenants; return the outcome of the first."""
        tenants = list_tenants(self.database)
        outcomes = {o.slug: o for o in embedder.embed([tenants[slug] for slug in slugs])}
        return outcomes[slugs[0]]


def embedder(  # noqa: PLR0913 - a test names what it is about
    database: Database,
    base_url: str,
    *,
    deadline_seconds: float = 4.0,
    policy: BreakerPolicy = DEFAULT_POLICY,
    requests: int = 32,
    requests_per_tenant: int = 4,
    endpoint: bytes | None = ONE_ENDPOINT,
    key_header: str = "Authorization",
) -> "AbstractContextManager[Embedder]":
    """Return an embedder that calls this provider; it closes with the block.

    The servers of a test count as one endpoint, whatever their ports are, unless `endpoint` is
    None.
    """
    provider = EmbeddingProvider(base_url, deadline_seconds=deadline_seconds, key_header=key_header)
    provider.endpoint = endpoint or provider.endpoint
    guarded = GuardedProvider(
        provider, GuardedCall(OPENAI, database, requests=requests, policy=policy)
    )
    return closing(Embedder(database, guarded, CLOAK_KEY, requests_per_tenant=requests_per_tenant))
