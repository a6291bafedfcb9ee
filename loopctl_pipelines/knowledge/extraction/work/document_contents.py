"""The content of a document: stored, or fetched and then stored."""

from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Final

from loopctl_pipelines.knowledge.extraction.storage import queries
from loopctl_pipelines.knowledge.extraction.storage.rows import Document, SourceState
from loopctl_pipelines.knowledge.ingestion.failures import FetchFailure
from loopctl_pipelines.knowledge.ingestion.fetching.fetcher import Fetcher
from loopctl_pipelines.knowledge.tenant_work.tenant_session import TenantSession
from loopctl_pipelines.llm.cloak import decrypt
from loopctl_pipelines.llm.outcomes import delay_seconds

MOST_FETCHES: Final = 5
"""After so many attempts a document that cannot be fetched has failed."""

ADDRESS_UNREADABLE: Final = "address_unreadable"
"""Why a document waits whose encrypted address cannot be decrypted: an operator repairs that."""

_UNREADABLE_DELAY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Content:
    """A document's text.

    Attributes:
        text: text or Markdown.
        text_hash: its hex SHA-256.
    """

    text: str = field(repr=False)
    text_hash: str


@dataclass(frozen=True, slots=True)
class DocumentContents:
    """Reads or fetches documents. Threads may share it.

    Attributes:
        fetcher: fetches those that were handed in by their address.
        cloak_key: LOOPCTL_CLOAK_KEY, decrypts addresses; None: it is not set.
    """

    fetcher: Fetcher
    cloak_key: bytes | None = field(repr=False)

    def read(self, session: TenantSession, document: Document) -> Content | SourceState | None:
        """Return a document's content, or the state in which it has none; None: it is gone.

        Raises:
            psycopg.Error: if the database fails, or its outage lasts.
            DatabaseUnreachableError: if it cannot be reached.
        """
        stored = session.run(queries.read_content, document.id)
        if stored is None:
            return None
        text, text_hash = stored
        if text is not None and text_hash is not None:
            return Content(text, text_hash)
        address = self._address(document)
        if address is None:
            return SourceState(ADDRESS_UNREADABLE, _UNREADABLE_DELAY, document.attempts)
        fetched = self.fetcher.fetch(address)
        if isinstance(fetched, FetchFailure):
            return _unfetched(fetched, document.attempts + 1)
        content = Content(fetched.content, sha256(fetched.content.encode()).hexdigest())
        session.run(queries.write_content, document.id, content.text, content.text_hash)
        return content

    def _address(self, document: Document) -> str | None:
        if document.encrypted_address is None:
            return document.url
        if self.cloak_key is None:
            return None
        secret = decrypt(document.encrypted_address, self.cloak_key)
        return None if secret is None else secret.reveal()

    def close(self) -> None:
        """End the fetcher's thread."""
        self.fetcher.close()


def _unfetched(failure: FetchFailure, attempts: int) -> SourceState:
    """Return the state of a document that could not be fetched."""
    if not failure.is_worth_a_retry or attempts >= MOST_FETCHES:
        return SourceState(str(failure), None, attempts)
    return SourceState(str(failure), timedelta(seconds=delay_seconds(attempts)), attempts)
