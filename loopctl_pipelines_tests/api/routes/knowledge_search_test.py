"""What a search finds, in which order, and what its meta says. All tests read one database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from itertools import product
from urllib.parse import quote

import pytest

from loopctl_pipelines.api import ranked_search
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines.knowledge.search.ranked import index_scan
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.api.routes.searched_articles import (
    SEARCH,
    Articles,
    found,
    meta,
    search,
)
from loopctl_pipelines_tests.api.rows import add_key, add_tenants, set_rate_limit
from loopctl_pipelines_tests.api.serving import Api, details, message, serving
from loopctl_pipelines_tests.knowledge.embedding.knowledge import CLOAK_KEY, KEY
from loopctl_pipelines_tests.usage import id_of

MODES = ("keyword", "semantic", "combined")
AGENT = id_of("acme", "agent", "a")


@pytest.fixture(scope="module")
def api(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[Api]:
    with (
        new_database() as url,
        closing(Database(url, "loopctl_app")) as database,
        LoopbackServer([KEY]) as provider,
        serving(
            database, Settings(embedding_base_url=provider.base_url, cloak_key=CLOAK_KEY)
        ) as api,
    ):
        add_tenants(database, "acme", "other")
        fill(Articles(database))
        for slug in ("acme", "other"):
            set_rate_limit(database, slug, 1_000_000)
        yield api


def fill(articles: Articles) -> None:
    for slug in ("acme", "other"):
        articles.set_key(slug)
    articles.add("acme", "Retry a failed job", "Wait longer after each failure.", tags=("jobs",))
    articles.add("acme", "Jitter", "Spreads the retry of jobs.", tags=("jobs", "retry"))
    articles.add("acme", "Backoff", "A delay before another retry.", project="ours")
    articles.add("acme", "Circuit breakers", "No retry while open.", project="theirs")
    articles.add("acme", "Draft retry", "A retry that is a draft.", status="draft")
    articles.add("acme", "Not embedded", "A retry of words only.", space=None, category="decision")
    articles.add("acme", "Old model", "A retry of old.", space=VectorSpace("old-model", 384))
    private = {"visibility": "private", "agent_id": str(AGENT)}
    articles.add("acme", "Private retry", "Of one agent.", metadata=private)
    articles.add("acme", "Owned retry", "Of nobody.", metadata={"visibility": "owner"})
    articles.add("acme", "Odd retry", "With odd metadata.", metadata=["visibility", "private"])
    articles.add("acme", "Long", "retry " * 3 + "words " * 5_000)
    articles.add("other", "Retry of another tenant", "Retry, retry, retry.")


@pytest.fixture(scope="module")
def key(api: Api) -> str:
    return add_key(api.database, "acme")


@pytest.fixture(scope="module")
def agent_key(api: Api) -> str:
    return add_key(api.database, "acme", "agent", agent_id=AGENT)


ALL = {
    "Retry a failed job",
    "Jitter",
    "Backoff",
    "Circuit breakers",
    "Not embedded",
    "Old model",
    "Private retry",
    "Owned retry",
    "Odd retry",
    "Long",
}
COMPARABLE = ALL - {"Not embedded", "Old model"}


def test_each_mode_finds_published_articles_of_the_tenant_and_the_space(api: Api, key: str) -> None:
    shown = {mode: set(found(search(api, key, "retry", mode=mode, limit=100))) for mode in MODES}
    assert shown == {"keyword": ALL, "semantic": COMPARABLE, "combined": ALL}


def test_meta_says_how_each_mode_searched(api: Api, key: str) -> None:
    page = {"limit": 10, "offset": 0, "pool_capped": False}
    near = {"pool_filled": True, "not_embedded": 2}
    words = {"keyword_query": "all_words"}
    assert meta(search(api, key, "retry", mode="keyword")) == page | words | {
        "total_count": 10,
        "total_count_scope": "keyword_matches",
        "search_mode": "keyword",
    }
    assert meta(search(api, key, "retry", mode="semantic")) == page | near | {
        "total_count": 8,
        "total_count_scope": "ranked_corpus",
        "search_mode": "semantic_only",
    }
    assert meta(search(api, key, "retry")) == page | near | words | {
        "total_count": 10,
        "total_count_scope": "merged_candidates",
        "search_mode": "combined",
    }


def test_an_item_has_a_score_and_a_snippet_with_the_words_marked(api: Api, key: str) -> None:
    (item,) = search(api, key, "spreads", mode="keyword").json()["data"]
    assert item.keys() == {"id", "title", "category", "tags", "score", "snippet"}
    assert item["snippet"] == "**Spreads** the retry of jobs."
    assert (item["title"], item["tags"]) == ("Jitter", ["jobs", "retry"])


def test_a_word_in_a_short_text_outranks_the_same_in_a_long_one(api: Api, key: str) -> None:
    assert found(search(api, key, "retry", mode="keyword", limit=100))[-1] != "Not embedded"
    order = found(search(api, key, "retry", mode="keyword", limit=100))
    assert order.index("Backoff") < order.index("Long")


def test_any_word_is_searched_where_no_article_has_all(api: Api, key: str) -> None:
    response = search(api, key, "jitter breakers unheard", mode="keyword")
    assert set(found(response)) == {"Jitter", "Circuit breakers"}
    assert meta(response)["keyword_query"] == "any_word"


def test_a_query_that_excludes_words_is_not_widened(api: Api, key: str) -> None:
    response = search(api, key, "unheard -retry", mode="keyword")
    assert (found(response), meta(response)["keyword_query"]) == ([], "all_words")


@pytest.mark.parametrize("text", ["the", "---", '""'])
def test_a_text_without_words_is_named(api: Api, key: str, text: str) -> None:
    response = search(api, key, text, mode="keyword")
    assert (found(response), meta(response)["keyword_query"]) == ([], "no_words")
    combined = search(api, key, text)
    assert set(found(combined)) == COMPARABLE
    assert meta(combined)["keyword_query"] == "no_words"


@pytest.mark.parametrize("mode", MODES)
def test_pages_are_parts_of_one_order(api: Api, key: str, mode: str) -> None:
    whole = found(search(api, key, "retry", mode=mode, limit=100))
    pages = [
        found(search(api, key, "retry", mode=mode, limit=3, offset=n)) for n in range(0, 12, 3)
    ]
    assert [title for page in pages for title in page] == whole
    past = search(api, key, "retry", mode=mode, offset=1_000_000)
    assert found(past) == []
    assert meta(past)["total_count"] == len(whole)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"project_id": id_of("acme", "project", "ours")}, ALL - {"Circuit breakers"}),
        ({"project_id": id_of("other", "project", "x")}, ALL - {"Circuit breakers", "Backoff"}),
        ({"category": "decision"}, {"Not embedded"}),
        ({"tags": "jobs"}, {"Retry a failed job", "Jitter"}),
        ({"tags": "jobs, retry", "match": "all"}, {"Jitter"}),
        ({"tags": "unheard,retry"}, {"Jitter"}),
    ],
)
def test_filters_apply_in_every_mode(
    api: Api, key: str, mode: str, filters: dict[str, object], expected: set[str]
) -> None:
    shown = set(found(search(api, key, "retry", mode=mode, limit=100, **filters)))
    assert shown == (expected if mode != "semantic" else expected & COMPARABLE)


@pytest.mark.parametrize("mode", MODES)
def test_an_agent_sees_its_own_private_articles_and_no_others(
    api: Api, agent_key: str, mode: str
) -> None:
    nobody = add_key(api.database, "acme", "agent")
    own = set(found(search(api, agent_key, "retry", mode=mode, limit=100)))
    none = set(found(search(api, nobody, "retry", mode=mode, limit=100)))
    everything = ALL if mode != "semantic" else COMPARABLE
    assert own == everything - {"Owned retry"}
    assert none == everything - {"Owned retry", "Private retry"}


@pytest.mark.parametrize("mode", MODES)
def test_another_tenant_s_articles_are_not_found(api: Api, mode: str) -> None:
    other = add_key(api.database, "other")
    assert found(search(api, other, "retry", mode=mode)) == ["Retry of another tenant"]


@pytest.mark.parametrize("mode", ["semantic", "combined"])
def test_the_index_finds_what_comparing_finds_or_says_that_it_did_not(
    api: Api, key: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = search(api, key, "retry", mode=mode, limit=100).json()
    monkeypatch.setattr(index_scan, "_COMPARED_AMONG_OTHERS", 0)
    monkeypatch.setattr(index_scan, "_COMPARED_ALONE", 0)
    assert search(api, key, "retry", mode=mode, limit=100).json() == compared
    monkeypatch.setattr(ranked_search, "MOST_COMPARED", 0)
    assert meta(search(api, key, "retry", mode=mode, limit=100))["pool_filled"] is False
    narrow = search(api, key, "retry", mode=mode, limit=100, tags="jobs")
    assert meta(narrow)["pool_filled"] is True
    assert set(found(narrow)) == {"Retry a failed job", "Jitter"}


def test_a_list_has_a_total_and_no_score(api: Api, key: str) -> None:
    response = search(api, key, tags="jobs", limit=1)
    assert meta(response) == {
        "total_count": 2,
        "limit": 1,
        "offset": 0,
        "total_count_scope": "filtered_set",
        "search_mode": "list",
        "pool_capped": False,
    }
    assert response.json()["data"][0].keys() == {"id", "title", "category", "tags"}


def test_a_cursor_leads_through_all_articles_once(api: Api, key: str) -> None:
    titles: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        response = search(api, key, category="pattern", cursor=cursor, limit=2, include_body="true")
        assert meta(response)["search_mode"] == "list_keyset"
        assert all(item["body"] for item in response.json()["data"])
        titles += found(response)
        cursor = meta(response).get("next_cursor")
    assert len(titles) == len(set(titles))
    assert set(titles) == ALL - {"Not embedded"}


def test_a_cursor_of_another_tenant_and_a_changed_one_are_refused(api: Api, key: str) -> None:
    cursor = meta(search(api, key, category="pattern", cursor="", limit=1))["next_cursor"]
    other = add_key(api.database, "other")
    refusal = (400, "cursor is not one of this list")
    assert message(search(api, other, category="pattern", cursor=cursor)) == refusal
    for changed in ("x", f"B{cursor[1:]}", cursor[:-4], f"{cursor}AAAA", "\x00", "\u00e9" * 60):
        assert message(search(api, key, category="pattern", cursor=changed)) == refusal


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, "q is required, unless tags or category is given"),
        ({"q": " \x00 "}, "q is required, unless tags or category is given"),
        ({"tags": " , ,"}, "q is required, unless tags or category is given"),
        ({"q": "x" * 501}, "q must be at most 500 characters"),
        ({"q": "x", "mode": "other"}, "mode must be one of keyword, semantic, combined"),
        ({"q": "x", "match": "some"}, "match must be one of any, all"),
        ({"q": "x", "cursor": ""}, "cursor cannot be used with q"),
        (
            {"tags": "x", "include_body": "true"},
            "include_body needs a cursor; an empty one is the start",
        ),
        (
            {"tags": "x", "include_body": "true", "cursor": "", "limit": "26"},
            "include_body needs a limit of at most 25",
        ),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(
    api: Api, key: str, params: dict[str, str], told: str
) -> None:
    assert message(api.get(SEARCH, key, params)) == (400, told)


def test_an_unknown_category_and_a_malformed_project_are_refused(api: Api, key: str) -> None:
    assert message(search(api, key, "x", category="note"))[0] == 400
    assert details(search(api, key, "x", project_id="x")) == {"project_id": ["is not a UUID"]}


@pytest.mark.parametrize(
    ("given", "limit"), [("2abc", 10), ("0", 1), ("-5", 1), ("9" * 400, 100), ("", 10), ("7", 7)]
)
def test_a_limit_is_read_strictly_and_clamped(api: Api, key: str, given: str, limit: int) -> None:
    assert meta(search(api, key, "retry", mode="keyword", limit=given))["limit"] == limit


NASTY = (
    "'" * 500,
    '"' * 499,
    "!&|()<->:*" * 50,
    "- " * 250,
    "or " * 166,
    '"retry" -"job" or ' * 27,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 100,
    "e\u0301" * 250,
    "\\" * 500,
    "a" * 500,
    "a&b|c" * 100,
    "http://example.com/?a=1&b=2 " * 15,
    "%(text)s %s {0} $1",
)


@pytest.mark.parametrize(("text", "mode"), [*product(NASTY, MODES)])
def test_any_text_of_500_characters_is_searched(api: Api, key: str, text: str, mode: str) -> None:
    assert search(api, key, text, mode=mode).status_code == 200


@pytest.mark.parametrize("raw", ["retry%00", "%ED%A0%80retry", "retry%FF", "%F0%90%80 retry"])
def test_bytes_that_are_no_text_are_harmless(api: Api, key: str, raw: str) -> None:
    for mode in MODES:
        assert "Jitter" in found(api.get(f"{SEARCH}?q={raw}&mode={mode}&limit=50", key))


def test_nul_in_any_parameter_is_harmless(api: Api, key: str) -> None:
    for name in ("category", "tags", "project_id", "limit", "offset", "cursor", "match", "mode"):
        response = api.get(
            f"{SEARCH}?{name}={quote(chr(0))}&tags=x".replace("&tags=x", "", name == "tags"), key
        )
        assert response.status_code in {200, 400, 422}
