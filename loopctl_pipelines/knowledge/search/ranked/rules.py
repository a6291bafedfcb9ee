"""The rules of a search: parameters, limits, and why the nearest articles may be missing. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from loopctl_pipelines.knowledge.articles.visibility import EVERYTHING, Viewer
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure

TEXT_CHARACTERS: Final = 500
"""The longest text that is searched for."""

CANDIDATES: Final = 100
"""The best articles of each side that are fused. The same for every page, or pages would differ."""

NEAREST: Final = 1_000
"""The nearest articles of a text that can be paged through."""

RANK_CONSTANT: Final = 60
"""Reciprocal rank fusion: an article at place p of a side adds weight / (constant + p)."""

SIDE_WEIGHT: Final = 0.5
"""The weight of each side of a fusion. Articles that words found may have less."""

# chosen by the tuning half of retrieval_quality
_CLOSE_RANK: Final = 0.003
_ANY_WORD_WEIGHT: Final = 0.25

# PostgreSQL and JSON accept neither NUL nor half of a surrogate pair; U+FFFD was bytes of no text
_NO_TEXT = re.compile("[\x00\ud800-\udfff\ufffd]")
# PostgreSQL's parser gives up at 32 of them: "tsquery stack too small"
_MINUS_SIGNS = re.compile(r'-(?:[^\w"]*-)+')


class SearchMode(StrEnum):
    """How a text is searched for."""

    KEYWORD = "keyword"
    SEMANTIC = "semantic"
    COMBINED = "combined"


class FallbackReason(StrEnum):
    """Why the nearest articles of a text are missing in an answer."""

    NO_API_KEY = "no_api_key"
    UNUSABLE_KEY = "unusable_key"
    CIRCUIT_OPEN = "circuit_open"
    TIMEOUT = "timeout"
    KEY_REJECTED = "key_rejected"
    RATE_LIMITED = "rate_limited"
    PROVIDER_ERROR = "provider_error"


class Words(StrEnum):
    """What the words of a text were asked to do."""

    ALL = "all_words"
    ANY = "any_word"
    NONE = "no_words"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which published articles are searched.

    Attributes:
        project_id: articles of the project, and those of the whole tenant; None: all.
        category: None: all.
        tags: None: all.
        all_tags: an article needs all of the tags; False: one of them.
        viewer: who searches.
    """

    project_id: UUID | None = None
    category: str | None = None
    tags: tuple[str, ...] | None = None
    all_tags: bool = False
    viewer: Viewer = EVERYTHING

    @property
    def are_narrow(self) -> bool:
        """Tell whether they leave out articles other than private ones."""
        return (self.project_id, self.category, self.tags) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Slice:
    """The part of the result that is wanted."""

    limit: int = 10
    offset: int = 0


def searchable_text(text: str) -> str:
    """Return the text as it is searched for: what is no text is a space."""
    return _NO_TEXT.sub(" ", text).strip()


def words_of(text: str) -> str:
    """Return the text for PostgreSQL's parser: several minus signs in a row exclude nothing."""
    return _MINUS_SIGNS.sub(" ", text)


def word_weights(words: Words, ranks: Sequence[float]) -> list[float]:
    """Return the weights in a fusion of articles that words have found.

    A long article has all words of a question somewhere, which says little about it: where they
    are far apart, the rank is below 0.003, and the weight falls with it. An article that has only
    some of the words has half of the weight.

    Args:
        words: what the words were asked to do.
        ranks: of the articles, as `find_words.sql` computes them.
    """
    if words is Words.ANY:
        return [_ANY_WORD_WEIGHT] * len(ranks)
    return [SIDE_WEIGHT * min(1.0, rank / _CLOSE_RANK) for rank in ranks]


def fallback_reason(failure: ProviderFailure) -> FallbackReason:
    """Return the reason that a caller sees: a closed code, never the provider's text."""
    if failure.status in {401, 403}:
        return FallbackReason.KEY_REJECTED
    if failure.status == 429:  # noqa: PLR2004 - too many requests
        return FallbackReason.RATE_LIMITED
    return _REASONS.get(failure.kind, FallbackReason.PROVIDER_ERROR)


_REASONS: Final = {
    FailureKind.NO_API_KEY: FallbackReason.NO_API_KEY,
    FailureKind.UNUSABLE_KEY: FallbackReason.UNUSABLE_KEY,
    FailureKind.CIRCUIT_OPEN: FallbackReason.CIRCUIT_OPEN,
    FailureKind.TIMEOUT: FallbackReason.TIMEOUT,
}
