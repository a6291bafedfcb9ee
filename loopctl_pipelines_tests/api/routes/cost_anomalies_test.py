"""The list of anomalies."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from loopctl_pipelines_tests.api.rows import (
    add_anomaly,
    add_key,
    later,
)
from loopctl_pipelines_tests.api.serving import ANOMALIES, Api, Params
from loopctl_pipelines_tests.usage import id_of

AT = "2026-04-02T12:00:00.000000Z"


def _page(api: Api, key: str, params: Params = None) -> dict[str, Any]:
    response = api.get(ANOMALIES, key, params)
    assert response.status_code == 200, response.text
    page: dict[str, Any] = response.json()
    return page


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


@pytest.fixture(scope="module")
def differing(shared_api: Api) -> dict[str, UUID]:
    """Give anomalies of acme that differ in one thing, each a second newer than the one before."""
    kinds: dict[str, dict[str, object]] = {
        "plain": {},
        "low": {"anomaly_type": "suspiciously_low"},
        "budget": {"anomaly_type": "budget_exceeded"},
        "resolved": {"resolved": True},
        "archived": {"archived": True, "resolved": True},
    }
    return {
        name: add_anomaly(shared_api.database, "acme", **columns, inserted_at=later(n))
        for n, (name, columns) in enumerate(kinds.items())
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
        (
            {
                "anomaly_type": "high_cost",
                "resolved": "true",
                "include_archived": "true",
                "project_id": str(id_of("acme", "project")),
            },
            ["archived", "resolved"],
        ),
    ],
)
def test_filters(
    shared_api: Api,
    shared_key: str,
    differing: dict[str, UUID],
    params: dict[str, str],
    names: list[str],
) -> None:
    page = _page(shared_api, shared_key, params)
    assert [item["id"] for item in page["data"]] == [str(differing[name]) for name in names]
    assert page["meta"]["total_count"] == len(names)


@pytest.fixture(scope="module")
def simultaneous(shared_api: Api) -> list[UUID]:
    """Give the ids of 23 resolved anomalies of other, in the order of the list.

    Most of them are of the same moment, so that only the id tells them apart.
    """
    times = [later(n // 9) for n in range(23)]
    rows = [
        (at, add_anomaly(shared_api.database, "other", inserted_at=at, resolved=True))
        for at in times
    ]
    return [anomaly for _, anomaly in sorted(rows, reverse=True)]


@pytest.fixture(scope="module")
def others_key(shared_api: Api) -> str:
    return add_key(shared_api.database, "other")


@pytest.mark.parametrize("page_size", [1, 2, 3, 5, 7, 22, 23, 24, 100])
def test_the_pages_together_are_the_whole_list_in_one_order(
    shared_api: Api, others_key: str, simultaneous: list[UUID], page_size: int
) -> None:
    last = -(-23 // page_size)
    params = {"resolved": "true", "page_size": str(page_size)}
    pages = [_page(shared_api, others_key, {**params, "page": str(n)}) for n in range(1, last + 2)]
    assert [UUID(item["id"]) for page in pages for item in page["data"]] == simultaneous
    assert pages[-1]["data"] == []
    for n, page in enumerate(pages, 1):
        meta = {"page": n, "page_size": page_size, "total_count": 23, "total_pages": last}
        assert page["meta"] == meta


def test_rows_and_their_number_agree_while_others_write(api: Api, key: str) -> None:
    stop = Event()

    def write() -> None:
        while not stop.is_set():
            anomalies = [add_anomaly(api.database, "acme", resolved=True) for _ in range(5)]
            with api.database.operator_transaction() as connection:
                connection.execute("DELETE FROM cost_anomalies WHERE id = ANY(%s)", [anomalies])

    with ThreadPoolExecutor() as pool:
        writing = pool.submit(write)
        try:
            pages = [_page(api, key, {"resolved": "true", "page_size": "100"}) for _ in range(100)]
        finally:
            stop.set()
        writing.result()
    counts = [(len(page["data"]), page["meta"]["total_count"]) for page in pages]
    assert [rows for rows, _ in counts] == [total for _, total in counts]
    assert len(set(counts)) > 1
