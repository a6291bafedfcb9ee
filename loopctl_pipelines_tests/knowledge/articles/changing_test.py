"""Changing an article: under a lock, audited, announced, by loopctl's transitions."""

from itertools import product
from uuid import UUID

import pytest

from loopctl_pipelines.actor import Actor
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.articles.article_fields import ArticleChanges
from loopctl_pipelines.knowledge.articles.changing import change_article, lock_article, set_status
from loopctl_pipelines.knowledge.articles.errors import (
    ProjectUnknownError,
    TitleTakenError,
    TransitionRefusedError,
    VersionChangedError,
)
from loopctl_pipelines.knowledge.articles.transitions import ArticleStatus
from loopctl_pipelines_tests.api.rows import rows_of
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge
from loopctl_pipelines_tests.usage import Usage, id_of
from loopctl_pipelines_tests.webhooks.subscriptions import add_webhook, queued

ACTOR = Actor.api_key(UUID(int=7), "ops laptop")
ACME = id_of("acme")
ALLOWED = {
    ("draft", "published"),
    ("published", "draft"),
    ("published", "archived"),
    ("draft", "archived"),
    ("superseded", "draft"),
}


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    usage = Usage()
    usage.tenant("acme")
    usage.tenant("other")
    usage.write(database)
    return Knowledge(database)


def _change(database: Database, article: UUID, version: str | None = None, **fields: object) -> str:
    with database.tenant_transaction(ACME) as connection:
        stored = lock_article(connection, ACME, article)
        assert stored is not None
        changes = ArticleChanges.model_validate(fields)
        change_article(connection, ACME, stored, changes, ACTOR, version=version)
        after = lock_article(connection, ACME, article)
        assert after is not None
        return after.version


def _set(database: Database, article: UUID, status: str, *, from_any: bool = False) -> None:
    with database.tenant_transaction(ACME) as connection:
        stored = lock_article(connection, ACME, article)
        assert stored is not None
        set_status(connection, ACME, stored, ArticleStatus(status), ACTOR, from_any=from_any)


def test_a_change_is_audited_and_announced_with_the_names_of_the_fields(
    knowledge: Knowledge,
) -> None:
    database = knowledge.database
    article = knowledge.article("acme", "Old", "Old body.")
    add_webhook(database, "acme", "article.updated")
    _change(database, article, title="New", body="New body.", tags=["a"])
    (row,) = rows_of(database, "articles")
    assert (row["title"], row["body"], row["tags"]) == ("New", "New body.", ["a"])
    (audit,) = rows_of(database, "audit_log")
    assert (audit["action"], audit["actor_label"]) == ("article.updated", "ops laptop")
    assert audit["old_state"]["title"] == "Old"
    assert audit["new_state"]["title"] == "New"
    (event,) = queued(database)
    assert event["payload"]["changed_fields"] == ["title", "body", "tags"]
    assert event["payload"]["title"] == "New"


def test_an_audit_row_has_the_hash_of_a_body_and_not_the_body(knowledge: Knowledge) -> None:
    article = knowledge.article("acme", "A", "x" * 100_000)
    _change(knowledge.database, article, body="y" * 100_000)
    (audit,) = rows_of(knowledge.database, "audit_log")
    assert audit["old_state"]["body_bytes"] == audit["new_state"]["body_bytes"] == 100_000
    assert audit["old_state"]["body_sha256"] != audit["new_state"]["body_sha256"]
    assert "body" not in audit["new_state"]


def test_what_is_the_same_changes_nothing(knowledge: Knowledge) -> None:
    article = knowledge.article("acme", "A")
    before = _change(knowledge.database, article)
    assert _change(knowledge.database, article, title="A", tags=[]) == before
    assert rows_of(knowledge.database, "audit_log") == []


def test_a_change_of_another_version_is_refused(knowledge: Knowledge) -> None:
    article = knowledge.article("acme", "A")
    version = _change(knowledge.database, article)
    _change(knowledge.database, article, version, body="First.")
    with pytest.raises(VersionChangedError):
        _change(knowledge.database, article, version, body="Second.")
    assert rows_of(knowledge.database, "articles")[0]["body"] == "First."


def test_a_title_of_another_active_article_is_refused(knowledge: Knowledge) -> None:
    article = knowledge.article("acme", "A")
    knowledge.article("acme", "Taken")
    knowledge.article("acme", "Free", status="archived")
    with pytest.raises(TitleTakenError):
        _change(knowledge.database, article, title="Taken")
    _change(knowledge.database, article, title="Free")


def test_another_tenant_s_project_is_refused(knowledge: Knowledge) -> None:
    article = knowledge.article("acme", "A")
    with pytest.raises(ProjectUnknownError):
        _change(knowledge.database, article, project_id=str(id_of("other", "project")))
    _change(knowledge.database, article, project_id=str(id_of("acme", "project")))


def test_the_transitions_are_loopctl_s(knowledge: Knowledge) -> None:
    for before, after in product(ArticleStatus, ArticleStatus):
        article = knowledge.article("acme", f"{before} to {after}", status=before)
        if (before, after) in ALLOWED:
            _set(knowledge.database, article, after)
            continue
        with pytest.raises(TransitionRefusedError, match=f"from {before} to {after}"):
            _set(knowledge.database, article, after)
    changed = rows_of(knowledge.database, "audit_log")
    assert len(changed) == len(ALLOWED)


def test_a_state_in_a_change_follows_the_same_rules(knowledge: Knowledge) -> None:
    article = knowledge.article("acme", "A", status="archived")
    with pytest.raises(TransitionRefusedError):
        _change(knowledge.database, article, status="published")


def test_any_article_can_be_archived_by_force_and_twice_is_once(knowledge: Knowledge) -> None:
    for status in ArticleStatus:
        article = knowledge.article("acme", status, status=status)
        _set(knowledge.database, article, "archived", from_any=True)
    assert {row["status"] for row in rows_of(knowledge.database, "articles")} == {"archived"}
    assert len(rows_of(knowledge.database, "audit_log")) == len(ArticleStatus) - 1


def test_another_tenant_s_article_is_not_there(knowledge: Knowledge) -> None:
    article = knowledge.article("other", "A")
    with knowledge.database.tenant_transaction(ACME) as connection:
        assert lock_article(connection, ACME, article) is None
