"""Resolving an anomaly over HTTP."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from loopctl_pipelines_tests.api.rows import NOON, add_anomaly, add_key, rows_of
from loopctl_pipelines_tests.api.serving import Api, details, message
from loopctl_pipelines_tests.usage import id_of


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
