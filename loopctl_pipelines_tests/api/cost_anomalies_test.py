"""The list of anomalies, and resolving one."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from loopctl_pipelines_tests.api.rows import (
    NOON,
    add_anomaly,
    add_key,
    later,
    rows_of,
)
from loopctl_pipelines_tests.api.serving import ANOMALIES, Api, Params, details, message
from loopctl_pipelines_tests.usage import id_of

AT = "2026-04-02T12:00:00.000000Z"


def _page(api: Api, key: str, params: Params = None) -> dict[str, Any]:
    response = api.get(ANOMALIES, key, params)
    assert response.status_code == 200, response.text
    page: dict[str, Any] = response.json()
    return page


def _ids(api: Api, key: str, params: Params = None) -> list[UUID]:
    return [UUID(item["id"]) for item in _page(api, key, params)["data"]]


def test_an_item_has_everything_that_a_client_of_loopctl_reads(api: Api, key: str) -> None:
    metadata = {"period": "2026-04-02", "big": 12345678901234567890123, "part": 0.1}
    anomaly = add_anomaly(api.database, "acme", metadata=metadata)
    assert _page(api, key) == {
        "data": [
            {
                "id": str(anomaly),
                "tenant_id": str(id_of("acme")),
                "story_id": str(id_of("acme", "story", "e", "s")),
                "story_title": "s",
                "agent_name": "a",
                "anomaly_type": "high_cost",
                "story_cost_millicents": 40_000,
                "reference_avg_millicents": 10_000,
                "deviation_factor": "4.0",
                "resolved": False,
                "archived": False,
                "metadata": metadata,
                "inserted_at": AT,
                "updated_at": AT,
            }
        ],
        "meta": {"page": 1, "page_size": 20, "total_count": 1, "total_pages": 1},
    }


def test_numbers_come_out_as_they_are_stored(api: Api, key: str) -> None:
    huge = {"digits": int("9" * 4000)}
    add_anomaly(
        api.database,
        "acme",
        metadata=huge,
        story_cost_millicents=2**63 - 1,
        deviation_factor="3.125000000000000000000000001",
    )
    text = api.get(ANOMALIES, key).text
    assert "9" * 4000 in text
    assert f'"story_cost_millicents":{2**63 - 1}' in text
    assert '"deviation_factor":"3.125000000000000000000000001"' in text


def test_a_story_without_an_agent_has_none(api: Api, key: str) -> None:
    add_anomaly(api.database, "acme", metadata=None)
    with api.database.operator_transaction() as connection:
        connection.execute("UPDATE stories SET assigned_agent_id = NULL")
    (item,) = _page(api, key)["data"]
    assert item["agent_name"] is None
    assert item["metadata"] == {}


def test_no_anomalies_are_no_pages(api: Api, key: str) -> None:
    assert _page(api, key) == {
        "data": [],
        "meta": {"page": 1, "page_size": 20, "total_count": 0, "total_pages": 0},
    }


def _one_of_each(api: Api) -> dict[str, UUID]:
    """Add anomalies that differ in one thing, each a second newer than the one before."""
    differing: dict[str, dict[str, object]] = {
        "plain": {},
        "low": {"anomaly_type": "suspiciously_low"},
        "budget": {"anomaly_type": "budget_exceeded"},
        "resolved": {"resolved": True},
        "archived": {"archived": True, "resolved": True},
    }
    return {
        name: add_anomaly(api.database, "acme", **columns, inserted_at=later(n))
        for n, (name, columns) in enumerate(differing.items())
    }


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({}, ["budget", "low", "plain"]),
        ({"anomaly_type": "high_cost"}, ["plain"]),
        ({"anomaly_type": "budget_exceeded"}, ["budget"]),
        ({"anomaly_type": ""}, ["budget", "low", "plain"]),
        ({"anomaly_type": "nothing_of_ours"}, []),
        ({"anomaly_type": "HIGH_COST"}, []),
        ({"resolved": "true"}, ["resolved"]),
        ({"resolved": "false"}, ["budget", "low", "plain"]),
        ({"resolved": "TRUE"}, ["budget", "low", "plain"]),
        ({"resolved": "1"}, ["budget", "low", "plain"]),
        ({"resolved": "true", "include_archived": "true"}, ["archived", "resolved"]),
        ({"resolved": "true", "include_archived": "yes"}, ["resolved"]),
        ({"project_id": ""}, ["budget", "low", "plain"]),
        ({"project_id": str(id_of("acme", "project"))}, ["budget", "low", "plain"]),
        ({"project_id": str(id_of("acme", "project")).upper()}, ["budget", "low", "plain"]),
        ({"project_id": str(id_of("nothing"))}, []),
        ({"something_else": "x"}, ["budget", "low", "plain"]),
    ],
)
def test_filters(api: Api, key: str, params: dict[str, str], names: list[str]) -> None:
    found = _one_of_each(api)
    page = _page(api, key, params)
    assert [item["id"] for item in page["data"]] == [str(found[name]) for name in names]
    assert page["meta"]["total_count"] == len(names)


def test_filters_hold_together(api: Api, key: str) -> None:
    found = _one_of_each(api)
    all_at_once = {
        "anomaly_type": "high_cost",
        "resolved": "true",
        "include_archived": "true",
        "project_id": str(id_of("acme", "project")),
    }
    assert _ids(api, key, all_at_once) == [found["archived"], found["resolved"]]


@pytest.mark.parametrize("page_size", [1, 2, 3, 5, 7, 22, 23, 24, 100])
def test_the_pages_together_are_the_whole_list_in_one_order(
    api: Api, key: str, page_size: int
) -> None:
    rows = [
        (at, add_anomaly(api.database, "acme", inserted_at=at, resolved=True))
        # most of them at the same moment, so that only the id can tell them apart
        for at in (later(n // 9) for n in range(23))
    ]
    expected = [anomaly for _, anomaly in sorted(rows, reverse=True)]
    last = -(-23 // page_size)
    params = {"resolved": "true", "page_size": str(page_size)}
    pages = [_page(api, key, {**params, "page": str(n)}) for n in range(1, last + 2)]
    assert [UUID(item["id"]) for page in pages for item in page["data"]] == expected
    assert pages[-1]["data"] == []
    for n, page in enumerate(pages, 1):
        meta = {"page": n, "page_size": page_size, "total_count": 23, "total_pages": last}
        assert page["meta"] == meta


def test_a_resolved_anomaly_is_told_with_the_time(api: Api, key: str) -> None:
    anomaly = add_anomaly(api.database, "acme")
    response = api.patch(anomaly, key)
    assert response.status_code == 200
    told = response.json()["cost_anomaly"]
    (row,) = rows_of(api.database, "cost_anomalies")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", told["updated_at"])
    assert datetime.fromisoformat(told.pop("updated_at")).replace(tzinfo=None) == row["updated_at"]
    assert told == {"id": str(anomaly), "resolved": True}
    assert row["resolved"]
    assert row["updated_at"] > NOON


def test_the_key_is_written_into_the_audit_log(api: Api, key: str) -> None:
    anomaly = add_anomaly(api.database, "acme")
    api.patch(anomaly, key)
    (audit,) = rows_of(api.database, "audit_log")
    (api_key,) = rows_of(api.database, "api_keys")
    told = {name: audit[name] for name in ("actor_type", "actor_id", "actor_label", "entity_id")}
    assert told == {
        "actor_type": "api_key",
        "actor_id": api_key["id"],
        "actor_label": "user of acme",
        "entity_id": anomaly,
    }


def test_a_superadmin_is_written_into_the_audit_log_as_one(api: Api) -> None:
    root, acme = add_key(api.database, None), str(id_of("acme"))
    api.patch(add_anomaly(api.database, "acme"), root, x_impersonate_tenant=acme)
    (audit,) = rows_of(api.database, "audit_log")
    assert audit["actor_type"] == "superadmin"
    assert audit["tenant_id"] == id_of("acme")


def test_resolving_twice_is_the_same_answer_and_one_audit_row(api: Api, key: str) -> None:
    anomaly = add_anomaly(api.database, "acme")
    first, second = (api.patch(anomaly, key, {"resolved": True}) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert len(rows_of(api.database, "audit_log")) == 1


def test_many_at_once_write_one_audit_row(api: Api, key: str) -> None:
    anomaly = add_anomaly(api.database, "acme")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.patch(anomaly, key), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(rows_of(api.database, "audit_log")) == 1


@pytest.mark.parametrize("body", [None, {}, {"resolved": True}])
def test_the_body_may_be_empty_or_say_what_is_done(api: Api, key: str, body: object) -> None:
    assert api.patch(add_anomaly(api.database, "acme"), key, body).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"resolved": False}, "resolved"),
        ({"resolved": 1}, "resolved"),
        ({"resolved": "true"}, "resolved"),
        ({"resolved": [True]}, "resolved"),
        ({"resolved": True, "archived": True}, "body"),
        ([], "body"),
        ("resolved", "body"),
        (7, "body"),
        (False, "body"),
    ],
)
def test_another_body_is_refused_and_changes_nothing(
    api: Api, key: str, body: object, field: str
) -> None:
    anomaly = add_anomaly(api.database, "acme")
    assert set(details(api.patch(anomaly, key, body))) == {field}
    assert rows_of(api.database, "audit_log") == []


@pytest.mark.parametrize(
    "anomaly", ["x", "0" * 32, "%00", "{7}", "00000000-0000-0000-0000-00000000000g"]
)
def test_an_id_that_is_no_uuid_is_not_found(api: Api, key: str, anomaly: str) -> None:
    assert message(api.patch(anomaly, key)) == (404, "Not found")
