"""Every role on every route, on its own tenant's things and on another's."""

from itertools import product
from typing import Any

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.api.routes.searched_articles import SEARCH, Articles, found
from loopctl_pipelines_tests.api.rows import (
    add_anomaly,
    add_article,
    add_document,
    add_key,
    add_summary,
    add_tenants,
    add_usage_event,
    rows_of,
    set_chat_key,
)
from loopctl_pipelines_tests.api.serving import (
    ANOMALIES,
    BATCH,
    INGEST,
    JOBS,
    LLM_CONFIG,
    LLM_USAGE,
    PIPELINE,
    SUMMARIES,
    Api,
    message,
    serving,
)
from loopctl_pipelines_tests.usage import id_of

ROLES = ("agent", "orchestrator", "user", "superadmin")
LISTS = (ANOMALIES, SUMMARIES)
DOCUMENT = {"content": "hello"}
ARTICLES = "/api/v1/articles"
ARTICLE = f"{ARTICLES}/{id_of('nothing')}"
NEW_ARTICLE = {"title": "A", "body": "b", "category": "finding", "force": True}
ROUTES: dict[tuple[str, str], tuple[str, object, int]] = {
    ("GET", ARTICLES): ("agent", None, 200),
    ("POST", ARTICLES): ("agent", NEW_ARTICLE, 201),
    ("POST", f"/api/v1/projects/{id_of('acme', 'project')}/articles"): ("agent", NEW_ARTICLE, 200),
    ("GET", ARTICLE): ("agent", None, 404),
    ("PATCH", ARTICLE): ("user", {"title": "B"}, 404),
    ("DELETE", ARTICLE): ("user", None, 404),
    ("POST", f"{ARTICLE}/publish"): ("orchestrator", None, 404),
    ("POST", f"{ARTICLE}/unpublish"): ("user", None, 404),
    ("POST", f"{ARTICLE}/archive"): ("user", None, 404),
    ("POST", INGEST): ("orchestrator", DOCUMENT, 202),
    ("POST", BATCH): ("orchestrator", {"items": [DOCUMENT]}, 200),
    ("GET", JOBS): ("orchestrator", None, 200),
    ("GET", LLM_USAGE): ("orchestrator", None, 200),
    ("GET", PIPELINE): ("orchestrator", None, 200),
    ("GET", LLM_CONFIG): ("user", None, 200),
    ("PATCH", LLM_CONFIG): ("user", {"merge_model": "m-1"}, 200),
}
"""Routes of the knowledge base: the lowest role, a body, the answer to it."""


def _key(api: Api, role: str) -> tuple[str, dict[str, str]]:
    """Return a key of acme, or a superadmin's with the header that makes it acme's."""
    if role == "superadmin":
        return add_key(api.database, None), {"x_impersonate_tenant": str(id_of("acme"))}
    return add_key(api.database, "acme", role), {}


@pytest.mark.parametrize(("role", "path"), [*product(ROLES, LISTS)])
def test_lists_are_for_users_and_up_and_show_their_own_tenant_only(
    api: Api, role: str, path: str
) -> None:
    for slug in ("acme", "other"):
        add_anomaly(api.database, slug)
        add_summary(api.database, slug)
    key, headers = _key(api, role)
    response = api.get(path, key, **headers)
    if role in {"agent", "orchestrator"}:
        assert message(response) == (403, "Insufficient permissions. Required role: user")
    else:
        (item,) = response.json()["data"]
        assert item["tenant_id"] == str(id_of("acme"))
        assert response.json()["meta"]["total_count"] == 1


@pytest.mark.parametrize(("role", "owner"), [*product(ROLES, ("acme", "other", "nobody"))])
def test_resolving_is_for_users_and_up_and_for_their_own_tenant_s_anomalies(
    api: Api, role: str, owner: str
) -> None:
    anomaly = id_of("nothing") if owner == "nobody" else add_anomaly(api.database, owner)
    key, headers = _key(api, role)
    response = api.patch(anomaly, key, **headers)
    if role in {"agent", "orchestrator"}:
        assert message(response) == (403, "Insufficient permissions. Required role: user")
    elif owner == "acme":
        assert response.status_code == 200
    else:
        assert message(response) == (404, "Not found")
    resolved = {row["id"] for row in rows_of(api.database, "cost_anomalies") if row["resolved"]}
    assert resolved == ({anomaly} if response.status_code == 200 else set())


@pytest.mark.parametrize("role", ROLES)
def test_each_route_of_the_knowledge_base_is_for_its_role_and_up_and_its_own_tenant(
    api: Api, role: str
) -> None:
    for slug in ("acme", "other"):
        set_chat_key(api.database, slug, f"sk-key-of-{slug}")
    foreign = add_document(api.database, "other", source_name="of other")
    add_usage_event(api.database, "other")
    add_article(api.database, "other", title="of other", source_type="review_finding")
    key, headers = _key(api, role)
    for (method, path), (lowest, body, status) in ROUTES.items():
        response = api.post(path, key, body, method=method, **headers)
        if ROLES.index(role) < ROLES.index(lowest):
            told = f"Insufficient permissions. Required role: {lowest}"
            assert message(response) == (403, told)
        else:
            assert response.status_code == status, response.text
            assert "other" not in response.text
            assert str(foreign) not in response.text
    changed = {row["tenant_id"] for row in _written(api)}
    assert changed == (set() if role == "agent" else {id_of("acme")})


def _written(api: Api) -> list[dict[str, Any]]:
    documents = rows_of(api.database, "loopctl_pipelines.ingestion_requests")
    settings = rows_of(api.database, "tenant_llm_settings")
    return [
        *(row for row in documents if row["source_name"] != "of other"),
        *(row for row in settings if row["merge_model"] is not None),
    ]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_the_knowledge_base_answers_no_superadmin_without_a_tenant(
    shared_api: Api, method: str, path: str
) -> None:
    response = shared_api.post(path, add_key(shared_api.database, None), {}, method=method)
    assert message(response)[0] == 400


@pytest.mark.parametrize("path", LISTS)
def test_a_filter_by_another_tenant_s_thing_finds_nothing(api: Api, key: str, path: str) -> None:
    for slug in ("acme", "other"):
        add_anomaly(api.database, slug)
        add_summary(api.database, slug)
    foreign = {
        ANOMALIES: {"project_id": str(id_of("other", "project"))},
        SUMMARIES: {"scope_id": str(id_of("other", "agent", "a"))},
    }
    assert api.get(path, key, foreign[path]).json()["data"] == []


def test_another_tenant_s_anomaly_and_an_unknown_one_get_the_same_answer(
    api: Api, key: str
) -> None:
    unknown, foreign = id_of("nothing"), add_anomaly(api.database, "other")
    first, second = (api.patch(anomaly, key) for anomaly in (unknown, foreign))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert first.headers.keys() == second.headers.keys()


@pytest.mark.parametrize(("role", "path"), [*product(ROLES, LISTS)])
def test_a_setting_opens_the_lists_to_orchestrators(
    database: Database, role: str, path: str
) -> None:
    add_tenants(database, "acme")
    with serving(database, Settings(api_read_role="orchestrator")) as api:
        key, headers = _key(api, role)
        response = api.get(path, key, **headers)
        if role == "agent":
            assert message(response)[1].endswith("Required role: orchestrator")
        else:
            assert response.status_code == 200
        if role == "orchestrator":
            assert message(api.patch(id_of("nothing"), key))[1].endswith("Required role: user")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *product(["GET"], LISTS),
        ("PATCH", f"{ANOMALIES}/{id_of('nothing')}"),
        *ROUTES,
    ],
)
def test_no_route_of_a_tenant_answers_without_a_key(
    shared_api: Api, method: str, path: str
) -> None:
    assert message(shared_api.client.request(method, path)) == (401, "Unauthorized")


@pytest.mark.parametrize("role", ROLES)
def test_every_role_searches_its_own_tenant_s_articles(api: Api, role: str) -> None:
    for slug in ("acme", "other"):
        Articles(api.database).add(slug, f"Retry of {slug}")
    key, headers = _key(api, role)
    assert found(api.get(SEARCH, key, {"q": "retry"}, **headers)) == ["Retry of acme"]
    assert found(api.get(SEARCH, key, {"category": "pattern"}, **headers)) == ["Retry of acme"]
    assert message(api.client.get(SEARCH)) == (401, "Unauthorized")
