"""Which fields an article may have, by loopctl's limits."""

from typing import Any

import pytest
from pydantic import ValidationError

from loopctl_pipelines.knowledge.articles.article_fields import ArticleChanges, NewArticle
from loopctl_pipelines.knowledge.articles.transitions import ArticleStatus

VALID: dict[str, Any] = {"title": "A", "body": "b", "category": "finding"}
DECOMPOSED = "e\N{COMBINING ACUTE ACCENT}"


def _problem(**fields: object) -> tuple[str, str]:
    """Return the one field that is refused, and why."""
    with pytest.raises(ValidationError) as raised:
        NewArticle.model_validate({**VALID, **fields})
    (problem,) = raised.value.errors()
    return str(problem["loc"][0]), problem["msg"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "x" * 501),
        ("title", DECOMPOSED * 300),
        ("title", "  \n"),
        ("title", "a\x00b"),
        ("title", "a\ud800b"),
        ("title", 7),
        ("title", None),
        ("body", "\N{EURO SIGN}" * 166_667),
        ("body", ""),
        ("body", ["text"]),
        ("category", "note"),
        ("category", ["finding"]),
        ("tags", ["a"] * 51),
        ("tags", ["tag\n"]),
        ("tags", ["x" * 101]),
        ("tags", [""]),
        ("tags", ["two words"]),
        ("tags", "a,b"),
        ("metadata", []),
        ("metadata", "text"),
        ("metadata", {"a": "\x00"}),
        ("metadata", {"a": {"b": [float("inf")]}}),
        ("metadata", {"a": "x" * 65_536}),
        ("metadata", {"agent_id": " "}),
        ("metadata", {"agent_id": "a" * 201}),
        ("metadata", {"agent_id": 7}),
        ("metadata", {"agent_id": "a", "visibility": "secret"}),
        ("metadata", {"agent_id": "a", "memory_type": ["finding"]}),
        ("project_id", "p"),
        ("source_type", "rumour"),
        ("idempotency_key", "x" * 256),
        ("idempotency_key", "\x00"),
        ("slug", "Upper"),
        ("slug", "a"),
        ("slug", "a-b\n"),
        ("force", 3),
    ],
)
def test_a_value_that_loopctl_or_postgresql_would_refuse_is_refused_by_its_field(
    field: str, value: object
) -> None:
    assert _problem(**{field: value})[0] == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "x" * 500),
        ("title", DECOMPOSED * 250),
        ("body", "x" * 500_000),
        ("tags", ["a"] * 50),
        ("tags", ["Tag_1-b"]),
        ("metadata", {"agent_id": "a", "visibility": "private", "memory_type": "task"}),
        ("category", "convention"),
        ("idempotency_key", "x" * 255),
        ("status", {"any": "thing"}),
        ("unknown", 1),
    ],
)
def test_a_value_at_a_limit_is_accepted(field: str, value: object) -> None:
    assert NewArticle.model_validate({**VALID, field: value})


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, ArticleStatus.PUBLISHED),
        ({"draft": True}, ArticleStatus.DRAFT),
        ({"draft": "true"}, ArticleStatus.DRAFT),
        ({"draft": "yes"}, ArticleStatus.PUBLISHED),
        ({"status": "draft"}, ArticleStatus.DRAFT),
        ({"status": "archived"}, ArticleStatus.PUBLISHED),
    ],
)
def test_an_article_is_published_unless_a_draft_is_wanted(
    fields: dict[str, Any], status: ArticleStatus
) -> None:
    assert NewArticle.model_validate({**VALID, **fields}).wanted_status is status


def test_null_changes_nothing_and_an_unknown_state_is_refused() -> None:
    assert ArticleChanges.model_validate({"title": None}).model_dump(exclude_none=True) == {}
    with pytest.raises(ValidationError):
        ArticleChanges.model_validate({"status": "secret"})
