"""The values that the embedding statements take and return. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import numpy as np
import numpy.typing as npt

from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_DIMENSION, DEFAULT_MODEL

LOCKED: Final = "article_locked"
"""Stored as the failure of an article that has a vector, but whose row another session locked."""

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class EndpointTraits:
    """How an endpoint differs from OpenAI's for a model, as far as answers showed it.

    Attributes:
        dimension: numbers that the model gives; None: not known.
        floats: it makes no base64.
        most_texts: the most texts of a request that it accepted in place of a larger one; None: no
            limit was met within a week.
    """

    dimension: int | None = None
    floats: bool = False
    most_texts: int | None = None

    @property
    def column_dimension(self) -> int:
        """The numbers of a vector that a column takes: the model's, or the default."""
        return min(self.dimension or DEFAULT_DIMENSION, DEFAULT_DIMENSION)


@dataclass(frozen=True, slots=True)
class EmbeddingSettings:
    """A tenant's own settings.

    Attributes:
        encrypted_key: its embedding key as stored, see `llm.cloak`; None: it has no key.
        key_version: SHA-256 of `encrypted_key`; it changes whenever the key is set again.
        model: None: the default model.
        consecutive_pauses: how many pauses in a row the provider has asked for with this key,
            without accepting a request in between.
        last_endpoint: where its last run sent texts; None: it never had one.
    """

    encrypted_key: bytes | None = None
    key_version: bytes | None = None
    model: str | None = None
    consecutive_pauses: int = 0
    last_endpoint: bytes | None = None

    @property
    def model_name(self) -> str:
        """The model that is requested."""
        return DEFAULT_MODEL if self.model is None else self.model

    def __repr__(self) -> str:
        return f"EmbeddingSettings(model={self.model!r})"


@dataclass(frozen=True, slots=True)
class ArticleState:
    """What is stored about the embedding of articles.

    Attributes:
        space: the tenant's model and dimension.
        failure: a failure's tag; None: the articles are embedded.
        delay: until they are retried; None: not before article, key or model change.
        key_version: the key that was rejected, or asked to wait; another key ends the wait.
            None: embedded, or retried after the delay only.
    """

    space: VectorSpace
    failure: str | None = None
    delay: timedelta | None = None
    key_version: bytes | None = None


@dataclass(frozen=True, slots=True)
class WriteResult:
    """Which articles got their vectors.

    Attributes:
        written: articles that have their vector now.
        locked: articles with a vector at hand whose rows another session has locked.
    """

    written: frozenset[UUID] = frozenset()
    locked: frozenset[UUID] = frozenset()

    @property
    def settled(self) -> frozenset[UUID]:
        """Articles that need no request: they have a vector, or one is at hand."""
        return self.written | self.locked

    def __or__(self, other: "WriteResult") -> "WriteResult":
        return WriteResult(self.written | other.written, self.locked | other.locked)


@dataclass(frozen=True, slots=True)
class EmbeddingStatus:
    """A tenant's published articles, counted by the state of their embedding.

    Attributes:
        published: all of them.
        embedded: have a vector, perhaps of an older text.
        waiting: will be retried.
        set_aside: rejected for their text.
        rejected: set aside unread, because the tenant's key or model was rejected.
        rejection: tag of that failure.
        has_key: the tenant has an embedding key.
    """

    published: int = 0
    embedded: int = 0
    waiting: int = 0
    set_aside: int = 0
    rejected: int = 0
    rejection: str | None = None
    has_key: bool = False
