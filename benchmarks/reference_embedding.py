"""How loopctl embeds articles, without its faults.

Five workers, each with one article at a time: read it, send it, write its vector, a commit each.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from uuid import UUID

import httpx2
import psycopg

from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_MODEL, TEXT_CHARACTERS

WORKERS = 5
_PUBLISHED = "SELECT tenant_id, id FROM articles WHERE status = 'published' ORDER BY inserted_at"


class ReferenceEmbedding:
    """Workers with connections that are kept; enter it to open them."""

    def __init__(self, url: str, base_url: str, key: str) -> None:
        self._url = url
        self._endpoint = f"{base_url}/embeddings"
        self._key = key
        self._own = threading.local()
        self._opened: list[psycopg.Connection | httpx2.Client] = []
        self._workers = ThreadPoolExecutor(WORKERS)

    def embed(self) -> None:
        """Embed all published articles that have no vector of their present text."""
        with psycopg.connect(self._url) as connection:
            jobs = connection.execute(_PUBLISHED).fetchall()
        list(self._workers.map(self._article, jobs))

    def close(self) -> None:
        """Close the connections."""
        self._workers.shutdown()
        for opened in self._opened:
            opened.close()

    def _article(self, job: tuple[UUID, UUID]) -> None:
        connection, client = self._connections()
        asked = {"tenant_id": job[0], "article_id": job[1]}
        row = connection.execute(statement(__package__, "reference_read_article"), asked).fetchone()
        if row is None or row[2] != "published":
            return
        text = f"{row[0]}\n\n{row[1]}"[:TEXT_CHARACTERS]
        content_hash = sha256(text.encode()).hexdigest()
        if row[3] and row[4] == content_hash:
            return
        answer = client.post(self._endpoint, json={"input": text, "model": DEFAULT_MODEL})
        answer.raise_for_status()
        body = answer.json()
        usage = {"model": DEFAULT_MODEL, "tokens": body["usage"]["prompt_tokens"]}
        connection.execute(statement(__package__, "reference_usage_event"), asked | usage)
        vector = {"vector": str(body["data"][0]["embedding"]), "hash": content_hash}
        with connection.transaction():
            connection.execute(statement(__package__, "reference_write_vector"), asked | vector)
            connection.execute(statement(__package__, "reference_audit_vector"), asked)

    def _connections(self) -> tuple[psycopg.Connection, httpx2.Client]:
        if not hasattr(self._own, "pair"):
            headers = {"Authorization": f"Bearer {self._key}"}
            connection = psycopg.connect(self._url, autocommit=True)
            self._own.pair = connection, httpx2.Client(headers=headers, trust_env=False)
            self._opened += self._own.pair
        pair: tuple[psycopg.Connection, httpx2.Client] = self._own.pair
        return pair
