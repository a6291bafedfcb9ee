"""The list of summaries."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from loopctl_pipelines_tests.api.rows import NOON, add_summary
from loopctl_pipelines_tests.api.serving import SUMMARIES, Api, Params, details
from loopctl_pipelines_tests.costs.runs import roll_up_all, unit
from loopctl_pipelines_tests.usage import Usage, id_of

DAY = NOON.date()


def _page(api: Api, key: str, params: Params = None) -> dict[str, Any]:
    response = api.get(SUMMARIES, key, params)
    assert response.status_code == 200, response.text
    page: dict[str, Any] = response.json()
    return page


def test_what_the_rollup_computed_can_be_read(api: Api, key: str) -> None:
    usage = Usage()
    usage.tenant("other")
    usage.report("acme", DAY, 10_001, story="s", tokens=(70, 3))
    usage.report("acme", DAY, 20_000, story="t", tokens=(30, 7), phase="reviewing")
    usage.write(api.database)
    roll_up_all(api.database, [unit("acme", DAY)])
    data = {item["scope_type"]: item for item in _page(api, key)["data"]}
    assert data.keys() == {"agent", "epic", "project"}
    epic = data["epic"]
    assert epic["inserted_at"].endswith("Z")
    assert epic["updated_at"] == epic["inserted_at"]
    volatile = {"id", "inserted_at", "updated_at"}
    assert {name: value for name, value in epic.items() if name not in volatile} == {
        "tenant_id": str(id_of("acme")),
        "scope_type": "epic",
        "scope_id": str(id_of("acme", "epic", "e")),
        "period_start": "2026-04-02",
        "period_end": "2026-04-02",
        "total_input_tokens": 100,
        "total_output_tokens": 10,
        "total_cost_millicents": 30_001,
        "report_count": 2,
        "avg_cost_per_story_millicents": 15_000,
        "model_breakdown": {
            "claude-opus-4-5": {
                "implementing": {
                    "input_tokens": 70,
                    "output_tokens": 3,
                    "cost_millicents": 10_001,
                },
                "reviewing": {"input_tokens": 30, "output_tokens": 7, "cost_millicents": 20_000},
            }
        },
        "stale": False,
    }
    assert data["agent"]["avg_cost_per_story_millicents"] is None


def test_a_stale_summary_is_shown_as_stale(api: Api, key: str) -> None:
    add_summary(api.database, "acme", stale=True)
    assert [item["stale"] for item in _page(api, key)["data"]] == [True]


@pytest.fixture(scope="module")
def filled(shared_api: Api) -> dict[str, UUID]:
    """Give summaries of acme: of an agent and an epic, on three days."""
    found = {}
    for n in range(3):
        day = DAY + timedelta(days=n)
        for scope_type in ("agent", "epic"):
            scope_id = id_of("acme", scope_type)
            columns = {"scope_type": scope_type, "scope_id": scope_id}
            name = f"{scope_type}{n}"
            found[name] = add_summary(
                shared_api.database, "acme", period_start=day, period_end=day, **columns
            )
    return found


ALL = ["agent2", "epic2", "agent1", "epic1", "agent0", "epic0"]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({}, ALL),
        ({"scope_type": "", "scope_id": "", "from": "", "to": ""}, ALL),
        ({"scope_type": "epic"}, ["epic2", "epic1", "epic0"]),
        ({"scope_type": "story"}, []),
        ({"scope_id": str(id_of("acme", "agent"))}, ["agent2", "agent1", "agent0"]),
        ({"scope_id": str(id_of("acme", "agent")), "scope_type": "epic"}, []),
        ({"from": "2026-04-03"}, ALL[:4]),
        ({"to": "2026-04-03"}, ALL[2:]),
        ({"from": "2026-04-03", "to": "2026-04-03"}, ALL[2:4]),
        ({"from": "2027-01-01"}, []),
        ({"from": "0001-01-01", "to": "9999-12-31"}, ALL),
    ],
)
def test_filters(
    shared_api: Api,
    shared_key: str,
    filled: dict[str, UUID],
    params: dict[str, str],
    names: list[str],
) -> None:
    page = _page(shared_api, shared_key, params)
    assert [item["id"] for item in page["data"]] == [str(filled[name]) for name in names]
    assert page["meta"]["total_count"] == len(names)


@pytest.mark.parametrize("page_size", [1, 2, 4, 5, 6, 7])
def test_the_pages_together_are_the_whole_list(
    shared_api: Api, shared_key: str, filled: dict[str, UUID], page_size: int
) -> None:
    read = []
    for n in range(1, -(-6 // page_size) + 1):
        page = _page(shared_api, shared_key, {"page": str(n), "page_size": str(page_size)})
        assert page["meta"]["total_pages"] == -(-6 // page_size)
        read += [item["id"] for item in page["data"]]
    assert read == [str(filled[name]) for name in ALL]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"scope_type": "tenant"}, "scope_type"),
        ({"scope_id": "x"}, "scope_id"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": "20260402"}, "from"),
        ({"from": "2026-W14-4"}, "from"),
        ({"from": "٢٠٢٦-٠٤-٠٢"}, "from"),
        ({"to": "yesterday"}, "to"),
        ({"to": "10000-01-01"}, "to"),
        ({"from": "2026-04-03", "to": "2026-04-02"}, "to"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_name(
    shared_api: Api, shared_key: str, params: dict[str, str], field: str
) -> None:
    assert set(details(shared_api.get(SUMMARIES, shared_key, params))) == {field}
