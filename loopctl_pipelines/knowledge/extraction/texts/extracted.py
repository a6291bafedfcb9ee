"""Reads the articles out of a model's answer, and checks every value in them. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from loopctl_pipelines.knowledge.articles.categories import CATEGORIES

MOST_TITLE_CHARACTERS: Final = 500
MOST_BODY_CHARACTERS: Final = 100_000
_MOST_TAGS = 20
_TAG = re.compile(r"[a-z0-9_-]{1,100}")


class ExtractedArticle(BaseModel):
    """An article as a model wrote it, ready to be stored.

    Attributes:
        title: 1 to 500 characters.
        body: Markdown, 1 to 100,000 characters.
        category: one of `CATEGORIES`.
        tags: at most 20, of lower-case letters, digits, `_` and `-`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    title: Annotated[str, Field(min_length=1, max_length=MOST_TITLE_CHARACTERS)]
    body: Annotated[str, Field(min_length=1, max_length=MOST_BODY_CHARACTERS)]
    category: str
    tags: tuple[str, ...] = ()

    @field_validator("title", "body", mode="before")
    @classmethod
    def _without_nul(cls, value: object) -> object:
        # PostgreSQL stores no NUL
        return value.replace("\0", "").strip() if isinstance(value, str) else value

    @field_validator("category", mode="after")
    @classmethod
    def _known(cls, value: str) -> str:
        category = value.strip().lower()
        if category not in CATEGORIES:
            raise ValueError("not a category")
        return category

    @field_validator("tags", mode="before")
    @classmethod
    def _usable(cls, value: object) -> tuple[str, ...]:
        """Drop a bad tag, not its article."""
        if not isinstance(value, (list, tuple)):
            return ()
        lowered = (tag.strip().lower() for tag in value if isinstance(tag, str))
        return tuple(dict.fromkeys(t for t in lowered if _TAG.fullmatch(t)))[:_MOST_TAGS]


class Extraction(BaseModel):
    """What came out of one text; it is stored, so that the text is paid for once.

    Attributes:
        articles: in the model's order.
        invalid: items that were no article, and were dropped.
        cut: articles beyond the most that one text may have.
    """

    model_config = ConfigDict(frozen=True)

    articles: tuple[ExtractedArticle, ...] = ()
    invalid: int = 0
    cut: int = 0


def read_extraction(tool_input: Mapping[str, object], most: int) -> Extraction | None:
    """Return the articles of a tool's input; None: it has no list of articles.

    Of articles with equal titles, whatever their case, the one with the longest body is kept.

    Args:
        tool_input: as the model gave it.
        most: how many articles a text may have.
    """
    items = tool_input.get("articles")
    if not isinstance(items, list):
        return None
    valid = [article for item in items if (article := _article(item)) is not None]
    unique = _longest_of_each_title(valid)
    return Extraction(
        articles=unique[:most], invalid=len(items) - len(valid), cut=max(0, len(unique) - most)
    )


def _article(item: object) -> ExtractedArticle | None:
    try:
        return ExtractedArticle.model_validate(item)
    except ValidationError:
        return None


def _longest_of_each_title(
    articles: Sequence[ExtractedArticle],
) -> tuple[ExtractedArticle, ...]:
    longest: dict[str, ExtractedArticle] = {}
    for article in articles:
        title = article.title.casefold()
        if title not in longest or len(article.body) > len(longest[title].body):
            longest[title] = article
    return tuple(longest.values())
