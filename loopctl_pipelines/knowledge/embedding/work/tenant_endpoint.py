"""What a run knows of its tenant's endpoint and model, and learns from answers."""

import threading
from dataclasses import replace
from http import HTTPStatus

from loopctl_pipelines.knowledge.embedding.storage import queries
from loopctl_pipelines.knowledge.embedding.storage.rows import EndpointTraits
from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_DIMENSION
from loopctl_pipelines.knowledge.tenant_work.tenant_session import TenantSession
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.openai.embedding_provider import Encoding

_ABOUT_THE_ENCODING = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
_NO_VECTORS = ProviderFailure(FailureKind.MALFORMED, size=0)


class TenantEndpoint:
    """One tenant's endpoint and model. The threads of a run share it.

    What is learned is stored at once, before the vectors that showed it: a later run starts with
    it, and finds their content hashes.
    """

    def __init__(
        self, session: TenantSession, endpoint: bytes, model: str, traits: EndpointTraits
    ) -> None:
        """Take what earlier runs learned.

        Args:
            session: stores what is learned; it waits out an outage.
            endpoint: see `EmbeddingProvider.endpoint`.
            model: the tenant's.
            traits: as they are stored.
        """
        self._session = session
        self._endpoint = endpoint
        self._model = model
        self._traits = traits
        self._lock = threading.Lock()
        self._answered = False
        self._takes_base64 = False
        # a rejection may be about the size of the request: so a single text is tried, too
        self._tried_floats: set[bool] = set()

    @property
    def space(self) -> VectorSpace:
        """The model, and its dimension as far as it is known."""
        return VectorSpace(self._model, self._traits.column_dimension)

    @property
    def encoding(self) -> Encoding:
        """The encoding to ask for."""
        return "float" if self._traits.floats else "base64"

    @property
    def most_texts(self) -> int | None:
        """The most texts to send in a request; None: no limit was met."""
        return self._traits.most_texts

    def may_want_floats(self, failure: ProviderFailure, texts: int) -> bool:
        """Tell whether to ask again with floats, after a request in base64 failed.

        That is tried once in a run, and once more for a single text, until an answer in base64
        shows that rejections are not about the encoding.
        """
        if not may_be_about_encoding(failure):
            return False
        with self._lock:
            if self._traits.floats:  # learned while the request was in flight
                return True
            alone = texts == 1
            if self._takes_base64 or alone in self._tried_floats:
                return False
            self._tried_floats.add(alone)
            return True

    def learn_encoding(self, encoding: Encoding) -> None:
        """Record which encoding was answered."""
        with self._lock:
            if encoding == "base64":
                self._takes_base64 = True
            elif not self._traits.floats:
                self._learn(replace(self._traits, floats=True))

    def learn_most_texts(self, most_texts: int) -> None:
        """Record that a larger request was rejected for its size alone."""
        with self._lock:
            if self._traits.most_texts is None or most_texts < self._traits.most_texts:
                self._learn(replace(self._traits, most_texts=most_texts))

    def learn_wrong_size(self, size: int) -> None:
        """Record a size that is larger than the column."""
        with self._lock:
            self._learn(replace(self._traits, dimension=size))

    def accepts_size(self, dimension: int) -> bool:
        """Record the size of an answer; False: an earlier answer of this run had another one."""
        with self._lock:
            if self._answered:
                return dimension == self.space.dimension
            self._answered = True
            before = self.space
            if dimension != (self._traits.dimension or DEFAULT_DIMENSION):
                self._learn(replace(self._traits, dimension=dimension))
            if self.space != before:
                self._session.run(queries.forget_other_sizes, self.space)
            return True

    def _learn(self, traits: EndpointTraits) -> None:
        self._session.run(queries.write_endpoint, self._endpoint, self._model, traits)
        self._traits = traits


def may_be_about_encoding(failure: ProviderFailure) -> bool:
    """Tell whether a request in base64 may have failed because the endpoint makes none."""
    return failure.status in _ABOUT_THE_ENCODING or failure == _NO_VECTORS
