"""What a tenant's keys were billed for, over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loopctl_pipelines_tests.api.rows import add_key, add_usage_event
from loopctl_pipelines_tests.api.serving import LLM_USAGE, Api, Params, details

HAIKU = "claude-haiku-4-5-20251001"
SMALL = "text-embedding-3-small"
DAY = datetime(2026, 4, 2)  # noqa: DTZ001 - loopctl's timestamps have no zone
ALL = ["04-03 embedding", "04-02 embedding", "04-02 extraction", "04-02 merge", "04-01 extraction"]
FROM = {"from": "2026-01-01"}


@pytest.fixture(scope="module")
def key(shared_api: Api) -> str:
    """Give an orchestrator's key of acme, whose requests make five sums."""
    events: tuple[tuple[int, str, str, int, int], ...] = (
        (0, "extraction", HAIKU, 1_000_000, 100_000),
        (23, "extraction", HAIKU, 500_000, 0),
        (-1, "extraction", HAIKU, 1, 1),
        (5, "embedding", SMALL, 50, 0),
        (24, "embedding", "model-of-our-own", 7, 0),
        (5, "merge", HAIKU, 0, 0),
    )
    for hours, operation, model, tokens_in, tokens_out in events:
        add_usage_event(
            shared_api.database,
            "acme",
            operation=operation,
            model=model,
            input_tokens=tokens_in,
            output_tokens=tokens_out,
            source_type="article" if operation == "embedding" else "ingestion",
            occurred_at=DAY + timedelta(hours=hours),
        )
    add_usage_event(shared_api.database, "other", occurred_at=DAY)
    return add_key(shared_api.database, "acme", "orchestrator")


def _page(api: Api, key: str, params: Params = None) -> dict[str, Any]:
    response = api.get(LLM_USAGE, key, params)
    assert response.status_code == 200, response.text
    page: dict[str, Any] = response.json()
    return page


def _names(page: dict[str, Any]) -> list[str]:
    return [f"{item['day'][5:10]} {item['operation']}" for item in page["data"]]


def test_requests_are_added_up_by_day_operation_model_and_source(shared_api: Api, key: str) -> None:
    page = _page(shared_api, key, FROM)
    assert _names(page) == ALL
    assert page["data"][2] == {
        "day": "2026-04-02T00:00:00.000000Z",
        "operation": "extraction",
        "model": HAIKU,
        "source_type": "ingestion",
        "input_tokens": 1_500_000,
        "output_tokens": 100_000,
        "event_count": 2,
        "dollars": "2",
    }
    assert page["meta"] == {
        "limit": 50,
        "offset": 0,
        "total_count": 5,
        "from": "2026-01-01T00:00:00.000000Z",
        "to": None,
    }


def test_dollars_are_exact_and_null_where_the_price_is_unknown(shared_api: Api, key: str) -> None:
    unknown, embedding, _, merge, tiny = _page(shared_api, key, FROM)["data"]
    assert unknown["dollars"] is None
    assert (embedding["dollars"], tiny["dollars"], merge["dollars"]) == (
        "0.000001",
        "0.000006",
        "0",
    )


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"from": "2026-04-02"}, ALL[:4]),
        ({"from": "2026-04-02T00:00:00.000001Z"}, ALL[:4]),
        ({"from": "2026-04-03T00:00:00Z"}, ALL[:1]),
        ({"from": "2026-04-03T02:00:00+02:00"}, ALL[:1]),
        ({"from": "2026-04-03T00:00:01"}, []),
        ({**FROM, "to": "2026-04-02"}, ALL[1:]),
        ({**FROM, "to": "2026-04-02T00:00:00Z"}, ALL[2:3] + ALL[4:]),
        ({"from": "0001-01-01", "to": "9999-12-31"}, ALL),
        ({**FROM, "limit": "2"}, ALL[:2]),
        ({**FROM, "limit": "2", "offset": "3"}, ALL[3:]),
        ({**FROM, "limit": "0", "offset": "-1"}, ALL[:1]),
        ({**FROM, "limit": "9" * 99}, ALL),
        ({**FROM, "offset": "9" * 99}, []),
    ],
)
def test_bounds_and_pages(
    shared_api: Api, key: str, params: dict[str, str], names: list[str]
) -> None:
    assert _names(_page(shared_api, key, params)) == names


def test_without_bounds_the_last_90_days_are_listed(shared_api: Api, key: str) -> None:
    first = datetime.fromisoformat(_page(shared_api, key)["meta"]["from"])
    assert abs(datetime.now(UTC) - timedelta(days=90) - first) < timedelta(hours=1)


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": "2026-W14-4"}, "from"),
        ({"from": "0001-01-01T00:00:00+05:00"}, "from"),
        ({"to": "9999-12-31T23:00:00-05:00"}, "to"),
        ({"to": "2026-04-02T25:00:00Z"}, "to"),
        ({"to": "\u0662026-04-02"}, "to"),
        ({"to": "\x00"}, "to"),
        ({"from": "2026-04-03", "to": "2026-04-02"}, "to"),
        ({"form": "2026-04-03"}, "form"),
    ],
)
def test_a_bound_that_is_no_time_is_refused(
    shared_api: Api, key: str, params: dict[str, str], field: str
) -> None:
    assert set(details(shared_api.get(LLM_USAGE, key, params))) == {field}
