"""Stores what a text has yielded: result, ledger, articles and audit row in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.articles.slugs import slug
from loopctl_pipelines.knowledge.extraction.storage.rows import Made, Target
from loopctl_pipelines.knowledge.extraction.texts.extracted import (
    MOST_TITLE_CHARACTERS,
    ExtractedArticle,
)
from loopctl_pipelines.knowledge.extraction.texts.identities import qualified_titles
from loopctl_pipelines.llm.usage import record_usage


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An article that is about to be stored.

    Attributes:
        id: a new one.
        idempotency_key: of this article of this source.
        article: its text.
    """

    id: UUID
    idempotency_key: str
    article: ExtractedArticle


@dataclass(frozen=True, slots=True)
class StoredArticles:
    """Which of a part's articles are new, known, or were dropped.

    Attributes:
        added: ids of those that are new.
        known: how many existed already.
        without_title: how many found no free title, and were dropped.
    """

    added: tuple[UUID, ...] = ()
    known: int = 0
    without_title: int = 0


def new_articles(made: Made, key_prefix: str) -> tuple[NewArticle, ...]:
    """Give each article of a result its id and key.

    The ids are made before the transaction, which may run twice if its acknowledgement is lost.
    """
    return tuple(
        NewArticle(uuid4(), f"{key_prefix}:{number}", article)
        for number, article in enumerate(made.extraction.articles)
    )


def store(
    connection: TenantConnection,
    tenant_id: UUID,
    made: Made,
    articles: tuple[NewArticle, ...],
    target: Target,
) -> StoredArticles:
    """Store a result and its articles; a title that is taken never loses the other articles.

    Raises:
        psycopg.Error: if a statement fails; the transaction must then be rolled back.
    """
    store_result(connection, tenant_id, made)
    existing = _existing(connection, tenant_id, articles, target)
    missing = {
        _free_key(article, existing, target): article
        for article in articles
        if _current(article, existing, target) is None
    }
    added = [a.id for a in articles if _current(a, existing, target) == a.id]
    known = len(articles) - len(added) - len(missing)
    for titles in _titles(missing, target.source_name):
        inserted = _insert(connection, tenant_id, missing, titles, target)
        added += inserted.values()
        missing = {key: article for key, article in missing.items() if key not in inserted}
        if not missing:
            break
    if added:
        _audit(connection, tenant_id, added, target)
    return StoredArticles(tuple(added), known, len(missing))


def store_result(connection: TenantConnection, tenant_id: UUID, made: Made) -> None:
    """Store what was paid for, and that it was: the result and its row of the ledger.

    Raises:
        psycopg.Error: if a statement fails; the transaction must then be rolled back.
    """
    if made.usage is None:
        return
    record_usage(connection, tenant_id, made.usage)
    connection.execute(
        statement(__package__, "keep_extraction"),
        {
            "tenant_id": tenant_id,
            "text_hash": made.key.text_hash,
            "model": made.key.model,
            "prompt_version": made.key.prompt_version,
            "result": Jsonb(made.extraction.model_dump(mode="json")),
        },
    )


@dataclass(frozen=True, slots=True)
class _Existing:
    id: UUID
    is_current: bool


def _existing(
    connection: TenantConnection, tenant_id: UUID, articles: Sequence[NewArticle], target: Target
) -> dict[str, _Existing]:
    """Return the articles that have one of the two keys, by key."""
    keys = [key for article in articles for key in _keys(article, target)]
    parameters = {
        "tenant_id": tenant_id,
        "idempotency_keys": keys,
        "handed_in_at": target.handed_in_at,
    }
    rows = connection.execute(statement(__package__, "known_keys"), parameters)
    return {key: _Existing(article_id, is_current) for key, article_id, is_current in rows}


def _keys(article: NewArticle, target: Target) -> tuple[str, str]:
    """Return an article's key, and the one it gets if an archived article has the first."""
    return article.idempotency_key, f"{article.idempotency_key}:{target.request_id}"


def _current(article: NewArticle, existing: Mapping[str, _Existing], target: Target) -> UUID | None:
    """Return the id under which the article is stored already."""
    found = (existing[key] for key in _keys(article, target) if key in existing)
    return next((one.id for one in found if one.is_current), None)


def _free_key(article: NewArticle, existing: Mapping[str, _Existing], target: Target) -> str:
    first, second = _keys(article, target)
    return second if first in existing else first


def _titles(articles: Mapping[str, NewArticle], source_name: str | None) -> list[Mapping[str, str]]:
    """Return the titles to try, by key, one mapping after the other."""
    wanted = {key: new.article.title for key, new in articles.items()}
    others = {
        key: qualified_titles(title, source_name, MOST_TITLE_CHARACTERS)
        for key, title in wanted.items()
    }
    rounds = max(map(len, others.values()), default=0)
    return [wanted, *({key: other[n] for key, other in others.items()} for n in range(rounds))]


def _insert(
    connection: TenantConnection,
    tenant_id: UUID,
    articles: Mapping[str, NewArticle],
    titles: Mapping[str, str],
    target: Target,
) -> dict[str, UUID]:
    rows = [
        {
            "id": str(new.id),
            "title": titles[key],
            "body": new.article.body,
            "category": new.article.category,
            "tags": new.article.tags,
            "idempotency_key": key,
            "slug": slug(titles[key], key),
        }
        for key, new in articles.items()
    ]
    parameters = {
        "tenant_id": tenant_id,
        "project_id": target.project_id,
        "status": target.status,
        "source_type": target.source_type,
        "source_id": target.source_id,
        "metadata": Jsonb({"extraction_source": target.extraction_source}),
        "articles": Jsonb(rows),
    }
    inserted = connection.execute(statement(__package__, "insert_articles"), parameters)
    return {key: article_id for article_id, key in inserted}


def _audit(
    connection: TenantConnection, tenant_id: UUID, added: list[UUID], target: Target
) -> None:
    state = {
        **target.audited,
        "article_count": len(added),
        "article_ids": [str(article_id) for article_id in added],
    }
    connection.execute(
        statement(__package__, "audit_articles"),
        {
            "tenant_id": tenant_id,
            "source_id": target.source_id,
            "action": target.audit_action,
            "actor_label": target.audit_label,
            "new_state": Jsonb(state),
        },
    )
