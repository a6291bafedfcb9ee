"""A tenant's keys and models over HTTP."""

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.cloak import decrypt
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.api.rows import add_key, add_tenants, rows_of, set_chat_key
from loopctl_pipelines_tests.api.serving import (
    CLOAK_KEY,
    LLM_CONFIG,
    Api,
    details,
    message,
    serving,
)
from loopctl_pipelines_tests.llm.canary import Canaries, canary
from loopctl_pipelines_tests.usage import id_of

KEY = "sk-ant-0123456789"
NOTHING = {
    "has_api_key": False,
    "api_key_hint": None,
    "extraction_model": None,
    "classification_model": None,
    "merge_model": None,
    "has_embedding_key": False,
    "embedding_api_key_hint": None,
    "embedding_model": None,
}


def _patched(api: Api, key: str, body: object) -> dict[str, Any]:
    response = api.post(LLM_CONFIG, key, body, method="PATCH")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    assert api.get(LLM_CONFIG, key).json() == found
    return found


def _audits(api: Api) -> list[tuple[str, dict[str, object]]]:
    rows = rows_of(api.database, "audit_log")
    found = [(row["action"].removeprefix("llm_config."), row["new_state"]) for row in rows]
    return sorted(found, key=str)


def test_fields_are_set_one_by_one_and_deleted_by_null(api: Api, key: str) -> None:
    assert api.get(LLM_CONFIG, key).json() == NOTHING
    assert _patched(api, key, {}) == NOTHING
    first = _patched(api, key, {"api_key": f" {KEY}\n", "merge_model": "m-1"})
    assert first == NOTHING | {
        "has_api_key": True,
        "api_key_hint": "...6789",
        "merge_model": "m-1",
    }
    second = _patched(api, key, {"embedding_api_key": "e" * 11, "embedding_model": "v:1"})
    assert second == first | {"has_embedding_key": True, "embedding_model": "v:1"}
    third = _patched(api, key, {"merge_model": "", "embedding_model": None})
    assert third == second | {"merge_model": None, "embedding_model": None}
    assert _patched(api, key, {"api_key": None, "embedding_api_key": None}) == NOTHING
    [row] = rows_of(api.database, "tenant_llm_settings")
    assert row["tenant_id"] == id_of("acme")


def test_a_key_is_stored_as_loopctl_encrypts_it(api: Api, key: str) -> None:
    _patched(api, key, {"api_key": KEY})
    [row] = rows_of(api.database, "tenant_llm_settings")
    assert row["api_key"][:12] == b"\x01\x0aAES.GCM.V1"
    secret = decrypt(row["api_key"], CLOAK_KEY)
    assert secret is not None
    assert secret.reveal() == KEY


def test_the_audit_log_names_who_changed_what(api: Api, key: str) -> None:
    changes: tuple[dict[str, object], ...] = (
        {"api_key": KEY, "embedding_api_key": "short", "merge_model": "m-1"},
        {"merge_model": "m-1"},
        {"merge_model": "m-1", "embedding_model": "e"},
        {"api_key": None},
        {"api_key": None},
    )
    for change in changes:
        _patched(api, key, change)
    both_set = {"api_key_set": True, "embedding_api_key_set": True}
    none_set = {"api_key_set": False, "embedding_api_key_set": False}
    expected: list[tuple[str, dict[str, object]]] = [
        ("updated", {"changed_models": ["merge_model"], **both_set}),
        ("key_set", {"hint": "...6789"}),
        ("embedding_key_set", {"hint": None}),
        ("updated", {"changed_models": ["embedding_model"], **none_set}),
        ("updated", {"changed_models": [], **none_set}),
        ("key_removed", {}),
    ]
    found = _audits(api)
    assert len(found) == len(expected)
    assert all(each in found for each in expected)
    [settings] = rows_of(api.database, "tenant_llm_settings")
    [api_key] = rows_of(api.database, "api_keys")
    for row in rows_of(api.database, "audit_log"):
        assert (row["entity_type"], row["entity_id"]) == ("llm_config", settings["id"])
        assert (row["actor_type"], row["actor_id"]) == ("api_key", api_key["id"])
        assert row["tenant_id"] == id_of("acme")


def test_many_first_changes_at_once_all_succeed(api: Api, key: str) -> None:
    fields = ("extraction_model", "classification_model", "merge_model", "embedding_model") * 2
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda name: api.post(LLM_CONFIG, key, {name: name}, method="PATCH"), fields)
        )
    assert {answer.status_code for answer in answers} == {200}
    [row] = rows_of(api.database, "tenant_llm_settings")
    assert [row[name] for name in fields] == list(fields)


@pytest.mark.parametrize("name", ["api_key", "embedding_api_key"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        "  ",
        "k" * 501,
        "a\x00b",
        "a\ud800",
        "a b",
        "schl\u00fcssel",
        7,
        10**400,
        True,
        [KEY],
        {},
    ],
)
def test_a_key_that_cannot_be_used_is_refused_and_not_repeated(
    shared_api: Api, shared_key: str, name: str, value: object
) -> None:
    response = shared_api.post(LLM_CONFIG, shared_key, {name: value}, method="PATCH")
    assert set(details(response)) == {name}
    assert KEY not in response.text
    assert "schl" not in response.text
    assert rows_of(shared_api.database, "tenant_llm_settings") == []


@pytest.mark.parametrize(
    "name", ["extraction_model", "classification_model", "merge_model", "embedding_model"]
)
@pytest.mark.parametrize(
    "value", ["a b", "a/b", "m" * 201, "m\n", "\x00", "\ud800", 7, False, ["m"]]
)
def test_a_model_that_cannot_be_used_is_refused(
    shared_api: Api, shared_key: str, name: str, value: object
) -> None:
    response = shared_api.post(LLM_CONFIG, shared_key, {name: value}, method="PATCH")
    assert set(details(response)) == {name}


@pytest.mark.parametrize("body", [{"apikey": KEY}, {"tenant_id": str(id_of("other"))}])
def test_an_unknown_field_is_refused_so_that_a_misspelled_one_is_seen(
    shared_api: Api, shared_key: str, body: dict[str, str]
) -> None:
    response = shared_api.post(LLM_CONFIG, shared_key, body, method="PATCH")
    assert set(details(response)) == set(body)
    assert KEY not in response.text


@pytest.mark.parametrize("body", [None, [], 7, "a"])
def test_a_body_that_is_no_object_is_refused(
    shared_api: Api, shared_key: str, body: object
) -> None:
    response = shared_api.post(LLM_CONFIG, shared_key, body, method="PATCH")
    assert set(details(response)) == {"body"}


def test_without_the_cloak_key_keys_are_not_set_and_hints_not_shown(database: Database) -> None:
    add_tenants(database, "acme")
    set_chat_key(database, "acme", KEY)
    key = add_key(database, "acme")
    with serving(database, Settings()) as api:
        refused = api.post(LLM_CONFIG, key, {"api_key": KEY}, method="PATCH")
        assert message(refused)[0] == 503
        assert "LOOPCTL_CLOAK_KEY" in message(refused)[1]
        assert refused.json()["error"]["code"] == "no_cloak_key"
        assert _audits(api) == []
        shown = NOTHING | {"has_api_key": True, "merge_model": "m-1"}
        assert _patched(api, key, {"merge_model": "m-1"}) == shown
        assert _patched(api, key, {"api_key": None, "merge_model": None}) == NOTHING


def test_a_key_that_cannot_be_decrypted_is_a_key_without_a_hint(api: Api, key: str) -> None:
    set_chat_key(api.database, "acme", KEY, cloak_key=bytes(range(32)))
    assert api.get(LLM_CONFIG, key).json() == NOTHING | {"has_api_key": True}


def test_another_tenant_s_settings_are_neither_shown_nor_changed(api: Api, key: str) -> None:
    set_chat_key(api.database, "other", KEY)
    assert api.get(LLM_CONFIG, key).json() == NOTHING
    _patched(api, key, {"api_key": None, "merge_model": "m-1"})
    stored = {row["tenant_id"]: row for row in rows_of(api.database, "tenant_llm_settings")}
    other = stored[id_of("other")]
    assert (other["merge_model"], other["api_key"] is not None) == (None, True)


def test_a_key_is_found_in_no_answer_no_log_line_and_no_table(
    api: Api, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    words = Canaries({name: canary(name) for name in ("api_key", "embedding_api_key")})
    answers = [
        api.post(LLM_CONFIG, key, words.words, method="PATCH"),
        api.get(LLM_CONFIG, key),
        api.post(LLM_CONFIG, key, {"x": words.words["api_key"]}, method="PATCH"),
        api.post(LLM_CONFIG, key, {"api_key": words.words["api_key"] + "\x00"}, method="PATCH"),
        api.post(LLM_CONFIG, key, {"merge_model": words.words["api_key"]}, method="PATCH"),
        api.post_bytes(LLM_CONFIG, key, words.words["api_key"].encode(), method="PATCH"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 422, 422, 422, 400]
    tables = [str(rows_of(api.database, table)) for table in ("tenant_llm_settings", "audit_log")]
    hints = {f"...{word[-4:]}" for word in words.words.values()}
    for text in (*(answer.text for answer in answers), caplog.text, *tables):
        without_hints = re.sub("|".join(map(re.escape, hints)), "", text)
        assert words.found_in(without_hints) == set()
        for raw in words.words.values():
            assert raw.encode().hex() not in text
