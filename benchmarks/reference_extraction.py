"""How loopctl extracts articles from documents, without its faults.

Five workers, each with one document at a time, and of that one chunk at a time: ask the model,
write its articles with an audit row, a commit each.
"""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx2
import psycopg
from psycopg.types.json import Jsonb

from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.extraction.texts.chunks import chunks
from loopctl_pipelines.knowledge.extraction.texts.identities import (
    document_key_prefix,
    document_source_id,
)
from loopctl_pipelines.knowledge.extraction.texts.prompts import DOCUMENT_PROMPT
from loopctl_pipelines.llm.anthropic.message_request import MessageRequest
from loopctl_pipelines.llm.anthropic.tenant_settings import DEFAULT_MODEL

WORKERS = 5


class ReferenceExtraction:
    """Workers with connections that are kept."""

    def __init__(self, url: str, base_url: str, key: str) -> None:
        self._url = url
        self._endpoint = f"{base_url}/v1/messages"
        self._headers = {"X-Api-Key": key, "Anthropic-Version": "2023-06-01"}
        self._own = threading.local()
        self._opened: list[psycopg.Connection | httpx2.Client] = []
        self._workers = ThreadPoolExecutor(WORKERS)

    def extract(self) -> None:
        """Extract the articles of all pending documents."""
        with psycopg.connect(self._url) as connection:
            query = statement(__package__, "reference_documents")
            documents = connection.execute(query).fetchall()
        list(self._workers.map(lambda document: self._document(*document), documents))

    def close(self) -> None:
        """Close the connections."""
        self._workers.shutdown()
        for opened in self._opened:
            opened.close()

    def _document(self, tenant_id: UUID, request_id: UUID, text: str, content_hash: str) -> None:
        source = {"tenant_id": tenant_id, "source_id": document_source_id(content_hash)}
        for number, chunk in enumerate(chunks(text)):
            prefix = document_key_prefix(content_hash, number, None)
            self._chunk(chunk, {**source, "key_prefix": prefix})
        connection, _ = self._connections()
        done = {"tenant_id": tenant_id, "id": request_id}
        connection.execute(statement(__package__, "reference_document_is_done"), done)

    def _chunk(self, text: str, source: Mapping[str, object]) -> None:
        connection, client = self._connections()
        known = connection.execute(statement(__package__, "reference_chunk_is_known"), source)
        if known.fetchone() == (True,):
            return
        request = DOCUMENT_PROMPT.request(DEFAULT_MODEL, text)
        answer = client.post(self._endpoint, json=_body(request))
        answer.raise_for_status()
        body = answer.json()
        usage = {"tenant_id": source["tenant_id"], "model": DEFAULT_MODEL, **body["usage"]}
        connection.execute(statement(__package__, "reference_message_usage"), usage)
        articles = body["content"][0]["input"]["articles"]
        made = {**source, "articles": Jsonb(articles), "count": len(articles)}
        with connection.transaction():
            connection.execute(statement(__package__, "reference_insert_articles"), made)
            connection.execute(statement(__package__, "reference_audit_articles"), made)

    def _connections(self) -> tuple[psycopg.Connection, httpx2.Client]:
        if not hasattr(self._own, "pair"):
            connection = psycopg.connect(self._url, autocommit=True)
            client = httpx2.Client(headers=self._headers, trust_env=False, timeout=60)
            self._own.pair = connection, client
            self._opened += self._own.pair
        pair: tuple[psycopg.Connection, httpx2.Client] = self._own.pair
        return pair


def _body(request: MessageRequest) -> Mapping[str, object]:
    tool = request.tool
    return {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "system": request.system,
        "messages": [{"role": "user", "content": request.message}],
        "tools": [
            {
                "name": tool.name,
                "description": tool.description,
                "input_schema": dict(tool.schema),
            }
        ],
        "tool_choice": {"type": "tool", "name": tool.name},
    }
