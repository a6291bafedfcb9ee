"""A pending article and the space of its vector. Pure."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Final
from uuid import UUID

from loopctl_pipelines.knowledge.embedding.texts.text import (
    DEFAULT_DIMENSION,
    DEFAULT_MODEL,
    TEXT_CHARACTERS,
    article_text,
    content_hash,
    is_embedded,
)

HEAD_CHARACTERS: Final = TEXT_CHARACTERS + 1
"""Characters of a body that are read: one more than the text can have, to find where to cut."""


@dataclass(frozen=True, slots=True)
class VectorSpace:
    """Model and dimension of vectors. Vectors of two spaces cannot be compared.

    Attributes:
        model: the provider's name of the model.
        dimension: numbers in a vector.
    """

    model: str = DEFAULT_MODEL
    dimension: int = DEFAULT_DIMENSION


@dataclass(frozen=True, eq=False)
class PendingArticle:
    """A published article whose vector may be missing or out of date.

    Attributes:
        id: the article.
        inserted_at: naive UTC; articles are read in the order of this time and the id.
        row_version: PostgreSQL's version of the row (xmin) when it was read.
        title: its title.
        head: the first characters of its body, `HEAD_CHARACTERS` at most.
        stored_hash: the hash stored with its vector; None without a vector.
        failure: tag of the last failure; None: there was none.
        waiting: that failure was transient; otherwise the article was set aside.
        attempts: attempts used since its text last changed.
        content_hash: of the text at the last attempt, if it was read.
        key_version: SHA-256 of the encrypted key that was rejected then, or asked to wait.
    """

    id: UUID
    inserted_at: datetime
    row_version: str
    title: str
    head: str
    stored_hash: str | None
    failure: str | None
    waiting: bool
    attempts: int
    content_hash: str | None
    key_version: bytes | None

    @cached_property
    def _hashes(self) -> dict[VectorSpace, str]:
        return {}

    @cached_property
    def text(self) -> str:
        """The text to embed."""
        return article_text(self.title, self.head)

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 that PostgreSQL can compute too, because it does not depend on the cut."""
        return sha256(f"{self.title}\n\n{self.head}".encode()).digest()

    @property
    def is_cut(self) -> bool:
        """Tell whether the body may be longer than its head."""
        return len(self.head) == HEAD_CHARACTERS

    def hash_in(self, space: VectorSpace) -> str:
        """Return the content hash: of model, dimension and text."""
        if space not in self._hashes:
            self._hashes[space] = content_hash(space.model, space.dimension, self.text)
        return self._hashes[space]

    def is_embedded(self, space: VectorSpace, body: str | None = None) -> bool:
        """Tell whether its vector belongs to its text, by our hash or by the one loopctl stored.

        Args:
            space: the tenant's model and dimension.
            body: the whole body, if loopctl's hash needs more than the head.
        """
        return is_embedded(
            self.stored_hash,
            model=space.model,
            dimension=space.dimension,
            title=self.title,
            body=self.head if body is None else body,
        )

    def stays_set_aside(self, space: VectorSpace, key_version: bytes | None) -> bool:
        """Tell whether text, model and key are the same as when it was set aside."""
        return (
            self.failure is not None
            and not self.waiting
            and self.content_hash == self.hash_in(space)
            and self.key_version == key_version
        )
