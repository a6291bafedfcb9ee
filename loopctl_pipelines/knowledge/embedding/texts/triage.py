"""Sorts pending articles by what has to be done about them. Pure."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from loopctl_pipelines.knowledge.embedding.texts.articles import PendingArticle, VectorSpace
from loopctl_pipelines.knowledge.embedding.texts.batching import batches
from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_MODEL
from loopctl_pipelines.llm.openai.limits import ProviderLimits

ReadBody = Callable[[PendingArticle], str | None]
Batch = Mapping[str, Sequence[PendingArticle]]
"""The texts of one request, each with the articles that have it."""


@dataclass(slots=True)
class Triage:
    """Pending articles, sorted by what has to be done.

    Attributes:
        embedded: their vector belongs to their text; nothing is sent.
        still_set_aside: by the tag of the failure for which they were set aside.
        fresh: to be embedded.
    """

    embedded: list[PendingArticle] = field(default_factory=list)
    still_set_aside: defaultdict[str, list[PendingArticle]] = field(
        default_factory=lambda: defaultdict(list)
    )
    fresh: list[PendingArticle] = field(default_factory=list)


def triage_articles(
    articles: Sequence[PendingArticle],
    space: VectorSpace,
    key_version: bytes | None,
    read_body: ReadBody,
) -> Triage:
    """Sort articles by what has to be done about them.

    Args:
        articles: as they were read.
        space: the tenant's model and dimension.
        key_version: the tenant's current key.
        read_body: reads a whole body, where loopctl's hash cannot be checked without it.
    """
    triage = Triage()
    for article in articles:
        if article.is_embedded(space) or _is_embedded_whole(article, space, read_body):
            triage.embedded.append(article)
        elif article.failure is not None and article.stays_set_aside(space, key_version):
            triage.still_set_aside[article.failure].append(article)
        else:
            triage.fresh.append(article)
    return triage


def fresh_batches(
    articles: Sequence[PendingArticle], space: VectorSpace, limits: ProviderLimits
) -> list[Batch]:
    """Distribute articles over requests; texts with failed attempts go into smaller batches.

    Equal texts are sent once.
    """
    by_text: defaultdict[str, list[PendingArticle]] = defaultdict(list)
    for article in articles:
        by_text[article.text].append(article)
    by_attempts: defaultdict[int, list[str]] = defaultdict(list)
    for text, equal in by_text.items():
        by_attempts[attempts_used(equal, space)].append(text)
    return [
        {text: by_text[text] for text in batch}
        for attempts, texts in sorted(by_attempts.items())
        for batch in batches(texts, limits.after_attempts(attempts))
    ]


def attempts_used(articles: Sequence[PendingArticle], space: VectorSpace) -> int:
    """Return the attempts used for their text; an edit resets them."""
    return max(
        article.attempts if article.content_hash == article.hash_in(space) else 0
        for article in articles
    )


def _is_embedded_whole(article: PendingArticle, space: VectorSpace, read_body: ReadBody) -> bool:
    # rare: only loopctl's hash of a long body counts graphemes beyond the head
    if article.stored_hash is None or not article.is_cut or space.model != DEFAULT_MODEL:
        return False
    body = read_body(article)
    return body is not None and article.is_embedded(space, body)
