"""Tenants with documents that are to be extracted, the same every time."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from benchmarks.daily_costs import WrongResultError
from benchmarks.knowledge_base import CLOAK_KEY, CONNECTIONS
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.ingestion.submission.request import validate_request
from loopctl_pipelines.knowledge.ingestion.submission.submit import submit
from loopctl_pipelines.llm.cloak import encrypt
from loopctl_pipelines.tenants.operator_queries import list_tenants

DOCUMENT_BYTES: Final = 40_000
_SECTION_BYTES = 2_000
_WRITTEN = (
    "articles, article_links, article_access_events, conflict_resolutions, audit_log,"
    " llm_usage_events, loopctl_pipelines.ingestion_requests, loopctl_pipelines.extractions,"
    " loopctl_pipelines.tenant_operations, loopctl_pipelines.circuit_breakers"
)


class PendingDocuments:
    """Documents of 40 kB, dealt out to tenants in turn, which `restore` makes pending again."""

    def __init__(self, url: str, *, tenants: int, documents: int, key: str) -> None:
        """Empty the database and write tenants with their key and documents."""
        self.url = url
        self._digest: tuple[object, ...] | None = None
        with self.session() as session:
            session.execute(f"TRUNCATE {_WRITTEN}, tenants CASCADE".encode())
            session.execute(statement(__package__, "fill_knowledge_tenants"), {"tenants": tenants})
            encrypted = {"key": encrypt(key, CLOAK_KEY)}
            session.execute(statement(__package__, "fill_chat_keys"), encrypted)
        self.database = Database(url, "loopctl_app", connections=CONNECTIONS)
        self.tenants = list(list_tenants(self.database).values())
        for number in range(documents):
            request = validate_request(
                ports=(), content=_document(number), source_name=f"document {number}"
            )
            tenant = self.tenants[number % tenants].id
            with self.database.tenant_transaction(tenant) as connection:
                submit(connection, tenant, request, CLOAK_KEY)
        with self.session() as session:
            session.execute("DROP TABLE IF EXISTS kept_requests")
            session.execute(
                "CREATE TABLE kept_requests AS SELECT * FROM loopctl_pipelines.ingestion_requests"
            )

    def restore(self) -> None:
        """Remove all that was extracted."""
        with self.session() as session:
            session.execute(f"TRUNCATE {_WRITTEN}".encode())
            session.execute(
                "INSERT INTO loopctl_pipelines.ingestion_requests SELECT * FROM kept_requests"
            )
            session.execute("VACUUM (ANALYZE) loopctl_pipelines.ingestion_requests")
            session.execute("CHECKPOINT")

    def check(self) -> None:
        """See that the articles are those that another contender made, and that there are some.

        Raises:
            WrongResultError: if they are not.
        """
        with self.session() as session:
            digest = session.execute(statement(__package__, "extracted_digest")).fetchone() or ()
        self._digest = self._digest or digest
        if digest != self._digest or not digest[0]:
            raise WrongResultError("articles")

    @property
    def articles(self) -> int:
        """How many articles the documents yielded."""
        return int(str(self._digest[0])) if self._digest else 0

    @contextmanager
    def session(self) -> Iterator[psycopg.Connection]:
        """Give a superuser's session that commits each statement."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            yield connection

    def close(self) -> None:
        """Close the connections."""
        self.database.close()


def _document(number: int) -> str:
    """Return Markdown of sections of some paragraphs, all of its own."""
    drawn = random.Random(number)
    sections: list[str] = []
    while sum(map(len, sections)) < DOCUMENT_BYTES:
        words = [f"term{drawn.randrange(5_000)}" for _ in range(_SECTION_BYTES // 8)]
        half = len(words) // 2
        heading = f"## Section {len(sections)} of document {number}"
        sections.append(f"{heading}\n\n{' '.join(words[:half])}\n\n{' '.join(words[half:])}\n\n")
    return "".join(sections)[:DOCUMENT_BYTES]
