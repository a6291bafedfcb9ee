"""Handing in documents over HTTP, one or many."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from loopctl_pipelines_tests.api.rows import add_key, rows_of, set_chat_key
from loopctl_pipelines_tests.api.serving import BATCH, INGEST, JOBS, PIPELINE, Api, message
from loopctl_pipelines_tests.usage import id_of

HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
PAGE = {"url": "https://example.com/a"}
REQUESTS = "loopctl_pipelines.ingestion_requests"


@pytest.fixture
def key(api: Api) -> str:
    """Give an orchestrator's key of acme, which has a chat key."""
    set_chat_key(api.database, "acme")
    return add_key(api.database, "acme", "orchestrator")


@pytest.fixture(scope="module")
def shared_key(shared_api: Api) -> str:
    set_chat_key(shared_api.database, "acme")
    return add_key(shared_api.database, "acme", "orchestrator")


def _refused(response: httpx2.Response) -> tuple[str, list[str]]:
    """Return code and fields of a 422."""
    status, _ = message(response)
    assert status == 422, response.text
    error = response.json()["error"]
    return error["code"], list(error["details"])


def test_a_new_document_is_queued_and_an_equal_one_waits_already(api: Api, key: str) -> None:
    first = api.post(INGEST, key, {"content": "hello", "metadata": {"a": [1]}})
    again = api.post(INGEST, key, {"content": "hello", "url": None, "publish": "yes"})
    assert (first.status_code, again.status_code) == (202, 200)
    new, waiting = first.json()["data"], again.json()["data"]
    assert new.pop("inserted_at").endswith("Z")
    [row] = rows_of(api.database, REQUESTS)
    assert new == {
        "id": str(row["id"]),
        "status": "queued",
        "content_hash": HELLO,
        "source_type": "ingestion",
    }
    assert waiting == {"id": new["id"], "status": "already_queued", "content_hash": HELLO}
    assert (row["tenant_id"], row["content"], row["publish"]) == (id_of("acme"), "hello", False)


def test_the_same_document_is_queued_for_each_purpose(api: Api, key: str) -> None:
    project = str(id_of("acme", "project"))
    bodies: list[dict[str, object]] = [
        {"project_id": ""},
        {"project_id": project},
        {"source_type": "manual"},
        {"publish": True},
        {"publish": "true", "source_type": "manual"},
    ]
    answers = [api.post(INGEST, key, {"content": "hello", **body}) for body in bodies]
    assert [answer.status_code for answer in answers] == [202] * 5
    stored = {
        (row["project_id"], row["source_type"], row["publish"])
        for row in rows_of(api.database, REQUESTS)
    }
    assert stored == {
        (None, "ingestion", False),
        (UUID(project), "ingestion", False),
        (None, "manual", False),
        (None, "ingestion", True),
        (None, "manual", True),
    }


def test_many_equal_ones_at_once_are_queued_once(api: Api, key: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.post(INGEST, key, PAGE), range(16)))
    assert sorted(answer.status_code for answer in answers) == [*[200] * 15, 202]
    assert len({answer.json()["data"]["id"] for answer in answers}) == 1


def test_batches_of_the_same_documents_in_another_order_do_not_wait_in_a_circle(
    api: Api, key: str
) -> None:
    items = [{"content": f"document {n}"} for n in range(50)]
    orders = [items, items[::-1]] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda order: api.post(BATCH, key, {"items": order}), orders))
    assert {answer.status_code for answer in answers} == {200}
    assert len(rows_of(api.database, REQUESTS)) == 50


def test_a_tenant_without_a_chat_key_is_refused_before_anything_else(api: Api) -> None:
    orchestrator = add_key(api.database, "acme", "orchestrator")
    for path, body in ((INGEST, {"content": 7}), (BATCH, {"items": []}), (INGEST, PAGE)):
        response = api.post(path, orchestrator, body)
        assert response.status_code == 422
        error = response.json()["error"]
        assert error["code"] == "no_api_key"
        assert "PATCH /api/v1/tenants/me/llm-config" in error["message"]
    assert rows_of(api.database, REQUESTS) == []
    [audit] = rows_of(api.database, "audit_log")
    assert (audit["action"], audit["tenant_id"]) == ("llm.blocked_no_api_key", id_of("acme"))
    assert audit["new_state"] == {"operation": "extraction"}


def test_a_key_that_this_server_cannot_decrypt_is_a_key(api: Api) -> None:
    set_chat_key(api.database, "acme", cloak_key=bytes(range(32)))
    orchestrator = add_key(api.database, "acme", "orchestrator")
    assert api.post(INGEST, orchestrator, PAGE).status_code == 202


def test_a_url_s_user_and_query_are_stored_encrypted_only(api: Api, key: str) -> None:
    url = "https://me:s3cretpw@docs.example/a?token=s3crettoken#part"
    assert api.post(INGEST, key, {"url": url}).status_code == 202
    [row] = rows_of(api.database, REQUESTS)
    assert row["url"] == "https://docs.example/a"
    assert row["encrypted_address"] is not None
    assert "s3cret" not in str(row)
    for path in (JOBS, PIPELINE):
        assert "s3cret" not in api.get(path, key).text


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "url_or_content", "url"),
        ({"url": None, "content": None}, "url_or_content", "url"),
        ({**PAGE, "content": "a"}, "url_or_content", "url"),
        ({"url": ""}, "invalid_url", "url"),
        ({"content": ""}, "empty_document", "content"),
        ({"content": " \n"}, "empty_document", "content"),
        ({"content": 7}, "invalid_type", "content"),
        ({"content": ["a"]}, "invalid_type", "content"),
        ({"content": {"a": 1}}, "invalid_type", "content"),
        ({"content": True}, "invalid_type", "content"),
        ({"url": 10**400}, "invalid_type", "url"),
        ({"url": [PAGE["url"]]}, "invalid_type", "url"),
        ({"url": PAGE}, "invalid_type", "url"),
        ({"content": "a\x00"}, "invalid_text", "content"),
        ({"content": "a\ud800"}, "invalid_text", "content"),
        ({"content": "a" * 1_000_001}, "too_large", "content"),
        ({"url": "https://example.com/\ud800"}, "invalid_url", "url"),
        ({"url": "https://example.com/\x00"}, "invalid_url", "url"),
        ({"url": "file:///etc/passwd"}, "scheme_not_allowed", "url"),
        ({"url": "https://example.com:22/"}, "port_not_allowed", "url"),
        ({"url": "http://127.0.0.1/"}, "address_not_allowed", "url"),
        ({"url": "http://169.254.169.254/latest"}, "address_not_allowed", "url"),
        ({"url": "http://[::ffff:10.0.0.1]/"}, "address_not_allowed", "url"),
        ({"url": "http://2130706433/"}, "invalid_url", "url"),
        ({"content": "a", "source_type": ""}, "unknown_source_type", "source_type"),
        ({"content": "a", "source_type": 7}, "unknown_source_type", "source_type"),
        ({"content": "a", "source_type": "\ud800"}, "unknown_source_type", "source_type"),
        ({"content": "a", "project_id": "x"}, "invalid_type", "project_id"),
        ({"content": "a", "project_id": 7}, "invalid_type", "project_id"),
        ({"content": "a", "project_id": "\ud800"}, "invalid_type", "project_id"),
        ({"content": "a", "project_id": str(uuid4())}, "unknown_project", "project_id"),
        ({"content": "a", "publish": 1}, "invalid_type", "publish"),
        ({"content": "a", "publish": []}, "invalid_type", "publish"),
        ({"content": "a", "metadata": "x"}, "invalid_type", "metadata"),
        ({"content": "a", "metadata": [1]}, "invalid_type", "metadata"),
        ({"content": "a", "tenant_id": "x"}, "unknown_field", "tenant_id"),
        ({"content": "a", "b\x1b": "x"}, "unknown_field", r"b\x1b"),
        ({"content": "a", "\ud800": "x"}, "invalid_type", "body"),
        ({str(n): 0 for n in range(101)}, "unknown_field", "body"),
        ([], "invalid_type", "body"),
        (7, "invalid_type", "body"),
        ("a", "invalid_type", "body"),
        (None, "invalid_type", "body"),
    ],
)
def test_a_document_that_cannot_be_taken_is_refused_by_a_code(
    shared_api: Api, shared_key: str, body: object, code: str, field: str
) -> None:
    assert _refused(shared_api.post(INGEST, shared_key, body)) == (code, [field])
    assert rows_of(shared_api.database, REQUESTS) == []
    if body is not None:
        [item] = shared_api.post(BATCH, shared_key, {"items": [body]}).json()["data"]
        assert (item["status"], item["error"]) == ("error", code)


def test_another_tenant_s_project_is_an_unknown_one(api: Api, key: str) -> None:
    body = {"content": "a", "project_id": str(id_of("other", "project"))}
    assert _refused(api.post(INGEST, key, body)) == ("unknown_project", ["project_id"])


def test_a_batch_has_an_outcome_per_item_in_their_order(api: Api, key: str) -> None:
    items: list[Any] = [
        {"content": "hello"},
        {"content": 7},
        PAGE,
        {"content": "hello"},
        7,
        {"content": "c", "project_id": str(uuid4())},
    ]
    response = api.post(BATCH, key, {"items": items})
    assert response.status_code == 200
    data = response.json()["data"]
    outcomes = [item.get("error", item["status"]) for item in data]
    assert outcomes == [
        "queued",
        "invalid_type",
        "queued",
        "already_queued",
        "invalid_type",
        "unknown_project",
    ]
    assert data[3] == {**data[3], "id": data[0]["id"], "content_hash": HELLO}
    assert (data[2]["source_type"], data[4]["message"]) == (
        "web_article",
        "A document must be an object",
    )
    assert len(rows_of(api.database, REQUESTS)) == 2


@pytest.mark.parametrize(
    "body",
    [{}, {"items": []}, {"items": [PAGE] * 51}, {"items": PAGE}, {"items": None}, {"items": 7}],
)
def test_a_batch_has_1_to_50_items(shared_api: Api, shared_key: str, body: object) -> None:
    response = shared_api.post(BATCH, shared_key, body)
    assert message(response) == (422, "Validation failed")
    assert set(response.json()["error"]["details"]) == {"items"}


def test_a_batch_of_many_fields_is_refused_without_looking_at_each(
    shared_api: Api, shared_key: str
) -> None:
    body = {"items": [PAGE], **{str(n): 0 for n in range(100)}}
    refused = shared_api.post(BATCH, shared_key, body).json()["error"]["details"]
    assert refused == {"body": ["must have at most 100 fields"]}


@pytest.mark.parametrize("path", [INGEST, BATCH])
@pytest.mark.parametrize(
    ("content", "status"),
    [(b"{", 400), (b"\xff", 400), (b"[" * 100_000, 400), (b'{"a":' + b"9" * 10_000 + b"}", 400)],
)
def test_what_is_no_json_is_a_400(
    shared_api: Api, shared_key: str, path: str, content: bytes, status: int
) -> None:
    assert shared_api.post_bytes(path, shared_key, content).status_code == status


def test_a_million_characters_of_any_script_fit_and_larger_bodies_do_not(
    api: Api, key: str
) -> None:
    content = "\u6f22" * 1_000_000
    escaped = json.dumps({"content": content}).encode()
    assert len(escaped) > 6_000_000
    assert api.post_bytes(INGEST, key, escaped).status_code == 202
    for path in (INGEST, BATCH):
        assert api.post_bytes(path, key, b" " * 6_100_000).status_code == 413
    [row] = rows_of(api.database, REQUESTS)
    assert row["content"] == content
