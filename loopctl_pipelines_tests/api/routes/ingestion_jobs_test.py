"""The list of documents that were handed in."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from loopctl_pipelines_tests.api.rows import add_document, add_key
from loopctl_pipelines_tests.api.serving import JOBS, Api, Params, details

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def filled(shared_api: Api) -> list[UUID]:
    """Give five documents of acme, the newest first; two of them at the same moment."""
    add_document(shared_api.database, "other")
    found = []
    for days in (400, 30, 3, 3, 1):
        found.append(uuid4())
        add_document(
            shared_api.database, "acme", id=found[-1], inserted_at=NOW - timedelta(days=days)
        )
    twins = sorted(found[2:4], reverse=True)
    return [found[4], *twins, found[1], found[0]]


@pytest.fixture(scope="module")
def shared_key(shared_api: Api) -> str:
    return add_key(shared_api.database, "acme", "orchestrator")


def _page(api: Api, key: str, params: Params = None) -> dict[str, Any]:
    response = api.get(JOBS, key, params)
    assert response.status_code == 200, response.text
    page: dict[str, Any] = response.json()
    return page


def test_each_state_is_shown_as_loopctl_s_queue_names_it_and_errors_as_codes(api: Api) -> None:
    key = add_key(api.database, "acme", "orchestrator")
    ended = {"completed_at": NOW, "attempts": 2}
    states: tuple[dict[str, object], ...] = (
        {"url": "https://example.org/a", "content": None, "source_type": "web_article"},
        {"failure": "http_status status=503", "attempts": 1, "next_attempt_at": NOW},
        {"state": "done", "articles": 3, **ended},
        {"state": "failed", "failure": "too_large", **ended},
    )
    for days, columns in enumerate(states):
        inserted_at = NOW - timedelta(days=days)
        add_document(api.database, "acme", inserted_at=inserted_at, **columns)
    new, waiting, done, failed = _page(api, key)["data"]
    at = NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert {name: new[name] for name in new if name not in {"id", "content_hash"}} == {
        "state": "available",
        "source_type": "web_article",
        "url": "https://example.org/a",
        "inserted_at": at,
        "completed_at": None,
        "articles": 0,
        "errors": [],
    }
    assert (waiting["state"], waiting["url"]) == ("retryable", None)
    assert waiting["errors"] == [{"attempt": 1, "at": None, "error": "http_status status=503"}]
    assert (done["state"], done["articles"], done["completed_at"]) == ("completed", 3, at)
    assert failed["state"] == "discarded"
    assert failed["errors"] == [{"attempt": 2, "at": at, "error": "too_large"}]


@pytest.mark.parametrize(
    ("params", "shown", "limit", "offset"),
    [
        ({}, slice(0, 5), 20, 0),
        ({"limit": "2"}, slice(0, 2), 2, 0),
        ({"limit": "2", "offset": "1"}, slice(1, 3), 2, 1),
        ({"limit": "2", "offset": "4"}, slice(4, 5), 2, 4),
        ({"offset": "5"}, slice(5, 5), 20, 5),
        ({"offset": "9" * 100}, slice(5, 5), 20, 2**62),
        ({"limit": "0"}, slice(0, 1), 1, 0),
        ({"limit": "-7", "offset": "-7"}, slice(0, 1), 1, 0),
        ({"limit": "99999"}, slice(0, 5), 1000, 0),
        ({"limit": "x", "offset": "x"}, slice(0, 5), 20, 0),
    ],
)
def test_pages(  # noqa: PLR0913, PLR0917 - the fixtures, and a page's parameters
    shared_api: Api,
    shared_key: str,
    filled: list[UUID],
    params: dict[str, str],
    shown: slice,
    limit: int,
    offset: int,
) -> None:
    page = _page(shared_api, shared_key, params)
    assert [item["id"] for item in page["data"]] == [str(each) for each in filled[shown]]
    assert page["meta"] == {"limit": limit, "offset": offset, "total_count": 5}


@pytest.mark.parametrize(
    ("days", "count"), [("", 5), ("1000", 5), ("9" * 30, 5), ("31", 4), ("007", 3), ("2", 1)]
)
def test_since_days(
    shared_api: Api, shared_key: str, filled: list[UUID], days: str, count: int
) -> None:
    page = _page(shared_api, shared_key, {"since_days": days})
    assert [item["id"] for item in page["data"]] == [str(each) for each in filled[:count]]
    assert page["meta"]["total_count"] == count


@pytest.mark.parametrize("days", ["0", "-1", "x", "1.5", "1d", "\u0663", "\x00"])
def test_days_that_are_no_number_are_refused(shared_api: Api, shared_key: str, days: str) -> None:
    assert set(details(shared_api.get(JOBS, shared_key, {"since_days": days}))) == {"since_days"}
