"""The state of a tenant's pipeline over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.api.rows import (
    NOON,
    add_article,
    add_document,
    add_key,
    add_review,
    add_row_of,
    add_tenants,
)
from loopctl_pipelines_tests.api.serving import CLOAK_KEY, PIPELINE, Api, serving
from loopctl_pipelines_tests.usage import id_of

NOW = datetime.now(UTC)
SOON = NOW + timedelta(hours=1)
FINDING = {"source_type": "review_finding"}


def _state(api: Api) -> dict[str, Any]:
    response = api.get(PIPELINE, add_key(api.database, "acme", "orchestrator"))
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["data"]
    return found


def _operation(api: Api, name: str) -> dict[str, Any]:
    [found] = [one for one in _state(api)["operations"] if one["operation"] == name]
    return {name: value for name, value in found.items() if name != "until"}


def test_a_tenant_without_work_has_an_empty_pipeline(shared_api: Api) -> None:
    idle = {"pending": 0, "running": False, "waiting": 0, "set_aside": 0}
    assert _state(shared_api) == {
        "pending_extractions": 0,
        "recent_drafts": [],
        "publish_rate": 0.0,
        "extraction_errors": {"count": 0, "recent": []},
        "embedding_errors": {"count": 0, "recent": []},
        "auto_extract_enabled": True,
        "operations": [
            {"operation": "embedding", **idle, "until": None, "reasons": []},
            {"operation": "extraction", **idle, "until": None, "reasons": []},
        ],
    }


def test_documents_are_counted_by_what_happens_next_and_errors_are_codes(api: Api) -> None:
    ended = {"state": "failed", "attempts": 1}
    add_document(api.database, "acme")
    waiting = add_document(
        api.database, "acme", failure="http_status status=503", next_attempt_at=SOON
    )
    failed = add_document(api.database, "acme", failure="too_large", completed_at=NOW, **ended)
    old = NOW - timedelta(days=8)
    add_document(api.database, "acme", failure="name_not_found", completed_at=old, **ended)
    add_document(api.database, "acme", state="done", completed_at=NOW)
    add_document(api.database, "other", failure="timed_out", completed_at=NOW, **ended)
    state = _state(api)
    assert state["pending_extractions"] == 2
    assert state["extraction_errors"] == {
        "count": 2,
        "recent": [
            {
                "id": str(waiting),
                "state": "retryable",
                "error_reason": "http_status status=503",
                "attempted_at": None,
            },
            {
                "id": str(failed),
                "state": "discarded",
                "error_reason": "too_large",
                "attempted_at": NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            },
        ],
    }
    assert _operation(api, "extraction") == {
        "operation": "extraction",
        "pending": 1,
        "running": False,
        "waiting": 1,
        "set_aside": 2,
        "reasons": ["http_status status=503", "name_not_found", "too_large"],
    }


def test_no_more_than_5_errors_are_shown_and_all_are_counted(api: Api) -> None:
    for _ in range(7):
        add_document(api.database, "acme", state="failed", failure="too_large", completed_at=NOW)
    errors = _state(api)["extraction_errors"]
    assert (errors["count"], len(errors["recent"])) == (7, 5)


def test_articles_are_counted_by_their_embedding(api: Api) -> None:
    add_article(api.database, "acme", status="published")
    waiting, aside = (add_article(api.database, "acme", status="published") for _ in range(2))
    state = {"row_version": "1", "model": "m", "dimension": 1, "updated_at": NOW}
    for article, failure, next_attempt_at in (
        (waiting, "api_error status=429", SOON),
        (aside, "api_error status=400", None),
    ):
        add_row_of(
            api.database,
            "loopctl_pipelines.embedding_states",
            tenant_id=id_of("acme"),
            article_id=article,
            content_hash="0",
            failure=failure,
            next_attempt_at=next_attempt_at,
            **state,
        )
    assert _operation(api, "embedding") == {
        "operation": "embedding",
        "pending": 1,
        "running": False,
        "waiting": 1,
        "set_aside": 1,
        "reasons": ["api_error status=400", "api_error status=429"],
    }
    errors = _state(api)["embedding_errors"]
    assert errors["count"] == 2
    assert {(item["id"], item["state"]) for item in errors["recent"]} == {
        (str(waiting), "retryable"),
        (str(aside), "discarded"),
    }


def test_a_run_that_holds_the_tenant_is_running_until_its_lease_ends(api: Api) -> None:
    lease = {"tenant_id": id_of("acme"), "holder": uuid4()}
    table = "loopctl_pipelines.tenant_operations"
    add_row_of(api.database, table, operation="extraction", held_until=SOON, **lease)
    over = NOW - timedelta(hours=1)
    add_row_of(api.database, table, operation="embedding", held_until=over, **lease)
    assert _operation(api, "extraction")["running"] is True
    assert _operation(api, "embedding")["running"] is False


def test_the_newest_drafts_that_were_extracted_are_shown(api: Api) -> None:
    made: list[UUID] = []
    for n in range(21):
        columns = FINDING if n % 2 else {"idempotency_key": f"ingest:{n}"}
        made.append(
            add_article(api.database, "acme", inserted_at=NOON + timedelta(seconds=n), **columns)
        )
    add_article(api.database, "acme", title="by hand", inserted_at=NOON + timedelta(days=1))
    add_article(api.database, "other", **FINDING)
    drafts = _state(api)["recent_drafts"]
    assert [draft["id"] for draft in drafts] == [str(each) for each in made[:0:-1]]
    assert drafts[0].keys() == {"id", "title", "source_id", "inserted_at"}


def test_the_publish_rate_leaves_archived_articles_out(api: Api) -> None:
    for status, count in (("published", 2), ("draft", 1), ("archived", 4)):
        for _ in range(count):
            add_article(api.database, "acme", status=status, **FINDING)
    assert _state(api)["publish_rate"] == 0.6667


def test_reviews_count_where_this_project_extracts_them(database: Database) -> None:
    add_tenants(database, "acme")
    add_review(database, "acme")
    settings = Settings(cloak_key=CLOAK_KEY, extract_reviews=frozenset({"acme"}))
    with serving(database, settings) as api:
        by_loopctl = _state(api)
        with database.operator_transaction() as connection:
            off = Jsonb({"knowledge_auto_extract": False})
            connection.execute("UPDATE tenants SET settings = %s", [off])
        here = _state(api)
    assert [one["pending_extractions"] for one in (by_loopctl, here)] == [0, 1]
    assert by_loopctl["auto_extract_enabled"] is here["auto_extract_enabled"] is True
    with serving(database) as api:
        nowhere = _state(api)
    assert (nowhere["pending_extractions"], nowhere["auto_extract_enabled"]) == (0, False)
