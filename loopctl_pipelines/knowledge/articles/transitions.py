"""The states of an article, and how one follows another. Pure."""

from enum import StrEnum
from typing import Final


class ArticleStatus(StrEnum):
    """The state of an article; only published ones are found and embedded."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"
    SUPERSEDED = "superseded"


_ALLOWED: Final = frozenset(
    {
        (ArticleStatus.DRAFT, ArticleStatus.PUBLISHED),
        (ArticleStatus.PUBLISHED, ArticleStatus.DRAFT),
        (ArticleStatus.PUBLISHED, ArticleStatus.ARCHIVED),
        (ArticleStatus.DRAFT, ArticleStatus.ARCHIVED),
        (ArticleStatus.SUPERSEDED, ArticleStatus.DRAFT),
    }
)
_EVENTS: Final = {
    ArticleStatus.PUBLISHED: "article.published",
    ArticleStatus.DRAFT: "article.unpublished",
    ArticleStatus.ARCHIVED: "article.archived",
}


def may_follow(before: str, after: ArticleStatus) -> bool:
    """Return whether an article may go from one state to another; loopctl's rule."""
    return (before, after) in _ALLOWED


def event_of(after: ArticleStatus) -> str:
    """Return the audit action and webhook event of a change to this state."""
    return _EVENTS[after]
