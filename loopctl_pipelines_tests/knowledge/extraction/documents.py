"""Creates tenants with documents, reviews and chat keys for a test, and runs extractions."""

from collections.abc import Collection
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from psycopg import sql

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.extraction.work.document_contents import DocumentContents
from loopctl_pipelines.knowledge.extraction.work.extractor import Extractor
from loopctl_pipelines.knowledge.extraction.work.tenant_outcome import TenantOutcome
from loopctl_pipelines.knowledge.ingestion.fetching.fetcher import Fetcher
from loopctl_pipelines.llm.anthropic.exceptions import ANTHROPIC
from loopctl_pipelines.llm.anthropic.messages_provider import MessagesProvider
from loopctl_pipelines.llm.anthropic.tenant_messages import TenantMessages
from loopctl_pipelines.llm.cloak import encrypt
from loopctl_pipelines.llm.guarded_call import GuardedCall
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines_tests.usage import LONG_AGO, id_of

CLOAK_KEY = bytes(range(32))
KEY = "sk-ant-of-the-tests"


@dataclass
class Documents:
    """Tenants, their documents and reviews in a test's database."""

    database: Database

    def tenant(self, slug: str, *, key: str | None = KEY, loopctl_extracts: bool = False) -> UUID:
        """Add a tenant with a chat key, if any, a project `p` and a story `s`; return its id."""
        tenant = id_of(slug)
        settings = '{"knowledge_auto_extract": true}' if loopctl_extracts else _NO_AUTO_EXTRACT
        with self.database.operator_transaction() as connection:
            connection.execute(
                "INSERT INTO tenants (id, name, slug, status, settings, inserted_at, updated_at)"
                " VALUES (%s, %s, %s, 'active', %s, %s, %s)",
                [tenant, slug, slug, settings, LONG_AGO, LONG_AGO],
            )
        self.set_key(slug, key)
        self._insert(slug, "projects", id=id_of(slug, "p"), name="p", slug="p")
        epic = {"id": id_of(slug, "e"), "project_id": id_of(slug, "p"), "number": 1, "title": "e"}
        self._insert(slug, "epics", **epic)
        story = {"project_id": id_of(slug, "p"), "epic_id": id_of(slug, "e"), "title": "s"}
        self._insert(slug, "stories", id=id_of(slug, "s"), number="1", **story)
        return tenant

    def set_key(self, slug: str, key: str | None, model: str | None = None) -> None:
        """Set a tenant's chat key and extraction model, as loopctl does."""
        encrypted = None if key is None else encrypt(key, CLOAK_KEY)
        with self.database.tenant_transaction(id_of(slug)) as connection:
            connection.execute(
                "INSERT INTO tenant_llm_settings"
                " (id, tenant_id, api_key, extraction_model, inserted_at, updated_at)"
                " VALUES (%(id)s, %(id)s, %(key)s, %(model)s, %(at)s, %(at)s)"
                " ON CONFLICT (tenant_id) DO UPDATE SET"
                " api_key = excluded.api_key, extraction_model = excluded.extraction_model",
                {"id": id_of(slug), "key": encrypted, "model": model, "at": LONG_AGO},
            )

    def document(
        self,
        slug: str,
        content: str = "A document.",
        *,
        project_id: UUID | None = None,
        publish: bool = False,
        source_name: str | None = "notes.md",
    ) -> UUID:
        """Hand in a document, and return the request's id."""
        request, digest = uuid4(), sha256(content.encode()).hexdigest()
        with self.database.tenant_transaction(id_of(slug)) as connection:
            connection.execute(
                "INSERT INTO loopctl_pipelines.ingestion_requests (tenant_id, id, source_type,"
                " project_id, publish, content, content_hash, text_hash, source_name)"
                " VALUES (%s, %s, 'ingestion', %s, %s, %s, %s, %s, %s)",
                [id_of(slug), request, project_id, publish, content, digest, digest, source_name],
            )
        return request

    def review(self, slug: str, summary: str | None = "Check the key.") -> UUID:
        """Add a review of the tenant's story, and return its id."""
        review = uuid4()
        columns = {"story_id": id_of(slug, "s"), "review_type": "security", "summary": summary}
        self._insert(slug, "review_records", id=review, completed_at=LONG_AGO, **columns)
        return review

    def article(self, slug: str, title: str, status: str = "published") -> None:
        """Add an article of a person's."""
        columns = {"body": "Mine.", "category": "finding", "slug": str(uuid4()), "status": status}
        self._insert(slug, "articles", id=uuid4(), title=title, **columns)

    def rows(self, slug: str, query: str) -> list[tuple[Any, ...]]:
        """Return rows that the tenant sees."""
        with self.database.tenant_transaction(id_of(slug)) as connection:
            return connection.execute(query.encode()).fetchall()

    def execute(self, slug: str, query: str) -> None:
        """Change rows that the tenant sees."""
        with self.database.tenant_transaction(id_of(slug)) as connection:
            connection.execute(query.encode())

    def titles(self, slug: str) -> list[str]:
        """Return the titles of all articles, sorted."""
        return [title for (title,) in self.rows(slug, "SELECT title FROM articles ORDER BY 1")]

    def states(self, slug: str) -> list[tuple[str, str | None, int]]:
        """Return state, failure and attempts of the documents, oldest first."""
        return self.rows(
            slug,
            "SELECT state, failure, attempts FROM loopctl_pipelines.ingestion_requests"
            " ORDER BY inserted_at",
        )

    def make_due(self, slug: str) -> None:
        """End the waits of the tenant, its documents and its reviews."""
        for change in (
            "ingestion_requests SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL",
            "extracted_reviews SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL",
            "tenant_operations SET paused_until = now() WHERE paused_until IS NOT NULL",
        ):
            self.execute(slug, f"UPDATE loopctl_pipelines.{change}")

    def run(self, extractor: Extractor, *slugs: str) -> TenantOutcome:
        """Extract what is due of these tenants; return the outcome of the first."""
        tenants = list_tenants(self.database)
        outcomes = {o.slug: o for o in extractor.extract([tenants[slug] for slug in slugs])}
        return outcomes[slugs[0]]

    def _insert(self, tenant: str, table: str, **columns: object) -> None:
        row = {
            "tenant_id": id_of(tenant),
            **columns,
            "inserted_at": LONG_AGO,
            "updated_at": LONG_AGO,
        }
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        )
        with self.database.operator_transaction() as connection:
            connection.execute(statement, list(row.values()))


_NO_AUTO_EXTRACT = '{"knowledge_auto_extract": false}'


def extractor(  # noqa: PLR0913 - a test names what it is about
    database: Database,
    base_url: str,
    *,
    review_slugs: Collection[str] = (),
    requests: int = 64,
    fetcher: Fetcher | None = None,
    deadline_seconds: float = 60,
) -> "AbstractContextManager[Extractor]":
    """Return an extractor that calls this server; it closes with the block."""
    provider = MessagesProvider(base_url, deadline_seconds=deadline_seconds)
    guard = GuardedCall(ANTHROPIC, database, requests=requests)
    messages = TenantMessages(provider, guard, database, CLOAK_KEY)
    fetcher = fetcher or Fetcher(ports=(80, 443), deadline_seconds=10)
    contents = DocumentContents(fetcher, CLOAK_KEY)
    return closing(Extractor(database, messages, contents, review_slugs=review_slugs))
