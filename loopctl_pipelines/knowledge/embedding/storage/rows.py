"""What the statements of the embeddings domain take and give."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import numpy as np
import numpy.typing as npt

from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace

LOCKED: Final = "article_locked"
"""Stands for a failure where an article's vector is there, and another session holds its row."""

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class EmbeddingSettings:
    """A tenant's own settings.

    Attributes:
        encrypted_key: its embedding key as it is stored, see `tenants.cloak`; None: it has none.
        key_version: SHA-256 of that; it tells whether the key was set anew.
        model: None: the default model.
        consecutive_pauses: how many pauses in a row the provider has asked for with this key,
            without accepting a request in between.
    """

    encrypted_key: bytes | None = None
    key_version: bytes | None = None
    model: str | None = None
    consecutive_pauses: int = 0

    def __repr__(self) -> str:
        return f"EmbeddingSettings(model={self.model!r})"


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What is noted of articles that were looked at.

    Attributes:
        space: the tenant's model and dimension.
        failure: a failure's tag; None: the articles are embedded.
        delay: when they are tried again; None: not before article, key or model change.
        key_version: of the key that was refused with them, or asked to wait; another key ends the
            wait. None: they are tried again after the delay only, or embedded.
    """

    space: VectorSpace
    failure: str | None = None
    delay: timedelta | None = None
    key_version: bytes | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a tenant is left alone, and how long.

    Attributes:
        failure: a failure's tag.
        delay: how long.
        consecutive: how many pauses in a row the provider has asked for, without accepting a
            request in between.
    """

    failure: str
    delay: timedelta
    consecutive: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """What became of articles that there is a vector for.

    Attributes:
        written: have it now.
        locked: another session holds their rows; nobody waits for it.
    """

    written: frozenset[UUID] = frozenset()
    locked: frozenset[UUID] = frozenset()

    @property
    def both(self) -> frozenset[UUID]:
        """Articles for which there is no need to ask the provider."""
        return self.written | self.locked

    def __or__(self, other: "Written") -> "Written":
        return Written(self.written | other.written, self.locked | other.locked)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a tenant's published articles stand, whatever run made it so.

    Attributes:
        published: all of them.
        embedded: have a vector, perhaps that of an older text.
        waiting: are tried again later.
        set_aside: were refused for their text.
        refused: were refused unread, for the tenant's key or model.
        refusal: tag of that failure.
        has_key: the tenant has an embedding key.
    """

    published: int = 0
    embedded: int = 0
    waiting: int = 0
    set_aside: int = 0
    refused: int = 0
    refusal: str | None = None
    has_key: bool = False
