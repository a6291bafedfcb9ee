"""A database with tenants, their keys and articles without vectors, the same every time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from pgvector.psycopg.vector import register_vector_info
from psycopg.types import TypeInfo

from benchmarks.daily_costs import WrongResultError
from benchmarks.provider_process import vector_of
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.embedding.texts.text import (
    DEFAULT_DIMENSION,
    DEFAULT_MODEL,
    article_text,
    content_hash,
)
from loopctl_pipelines.llm.cloak import encrypt
from loopctl_pipelines.tenants.operator_queries import list_tenants

CLOAK_KEY: Final = bytes(range(32))
CONNECTIONS: Final = 4
WORDS = 200
_INDEX = "articles_embedding_hnsw_idx"
_WRITTEN = (
    # tables that refer to articles are emptied with them
    "articles, article_links, article_access_events, conflict_resolutions, audit_log,"
    " llm_usage_events, loopctl_pipelines.embedding_states, loopctl_pipelines.tenant_operations,"
    " loopctl_pipelines.embedding_endpoints, loopctl_pipelines.circuit_breakers"
)


def fill_knowledge(
    session: psycopg.Connection, *, tenants: int, articles: int, words: int, key: str
) -> None:
    """Write tenants that have this embedding key, and articles of so many words."""
    sizes = {"tenants": tenants, "articles": articles, "words": words}
    session.execute(statement(__package__, "fill_knowledge_tenants"), sizes)
    session.execute(statement(__package__, "fill_articles"), sizes)
    encrypted = {"key": encrypt(key, CLOAK_KEY)}
    session.execute(statement(__package__, "fill_embedding_keys"), encrypted)


class KnowledgeBase:
    """The articles, which `empty` puts back to where they were."""

    def __init__(self, url: str, *, tenants: int, articles: int, key: str) -> None:
        self.url = url
        self.articles = articles
        self._digest: tuple[object, ...] | None = None
        with self.session() as session:
            session.execute(f"TRUNCATE {_WRITTEN}, tenants CASCADE".encode())
            fill_knowledge(session, tenants=tenants, articles=articles, words=WORDS, key=key)
            session.execute("DROP TABLE IF EXISTS kept_articles")
            session.execute("CREATE TABLE kept_articles AS SELECT * FROM articles ORDER BY id")
        self.database = Database(url, "loopctl_app", connections=CONNECTIONS)
        self.tenants = list(list_tenants(self.database).values())

    def empty(self) -> None:
        """Remove all that was embedded."""
        with self.session() as session:
            session.execute(f"TRUNCATE {_WRITTEN}".encode())
            session.execute(statement(__package__, "refill_articles"))
            session.execute("VACUUM (ANALYZE) articles")
            session.execute("CHECKPOINT")

    def stage_vectors(self) -> None:
        """Put the vector of each article into a table beside, for `write_staged`."""
        with self.session() as session:
            articles = session.execute("SELECT id, title, body FROM kept_articles").fetchall()
            texts = [article_text(title, body) for _, title, body in articles]
            staged = {
                "ids": [article[0] for article in articles],
                "vectors": [vector_of(text, DEFAULT_DIMENSION) for text in texts],
                "hashes": [content_hash(DEFAULT_MODEL, DEFAULT_DIMENSION, text) for text in texts],
            }
            register_vector_info(session, TypeInfo.fetch(session, "vector"))
            session.execute("DROP TABLE IF EXISTS staged_vectors")
            session.execute(
                "CREATE TABLE staged_vectors (id uuid, embedding vector, content_hash text)"
            )
            session.execute(statement(__package__, "stage_vectors"), staged)
            session.execute("VACUUM (ANALYZE) staged_vectors")

    def write_staged(self) -> None:
        """Write all vectors by one statement: the least there is to do."""
        with self.session() as session:
            session.execute(statement(__package__, "bare_update"))

    @contextmanager
    def without_vector_index(self) -> Iterator[None]:
        """Do without the index within the block."""
        with self.session() as session:
            row = session.execute("SELECT pg_get_indexdef(%s::regclass)", [_INDEX]).fetchone()
            session.execute(f"DROP INDEX {_INDEX}".encode())
        yield
        with self.session() as session:
            session.execute(str(row and row[0]).encode())

    def check(self) -> None:
        """See that every article has its vector.

        Raises:
            WrongResultError: if one has none, or another than another contender gave it.
        """
        with self.session() as session:
            digest = session.execute(statement(__package__, "vectors_digest")).fetchone() or ()
        self._digest = self._digest or digest
        if digest != self._digest or digest[0] != self.articles:
            raise WrongResultError("vectors")

    @contextmanager
    def session(self) -> Iterator[psycopg.Connection]:
        """Give a superuser's session that commits each statement."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            yield connection

    def close(self) -> None:
        """Close the connections."""
        self.database.close()
