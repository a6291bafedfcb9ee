"""Listing, showing and changing articles over HTTP."""

from uuid import UUID, uuid4

import httpx2
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from loopctl_pipelines_tests.api.rows import add_key, rows_of
from loopctl_pipelines_tests.api.serving import Api, details, message
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge
from loopctl_pipelines_tests.usage import id_of

ARTICLES = "/api/v1/articles"
AGENT = id_of("acme", "agent", "a")


@pytest.fixture
def agent(api: Api) -> str:
    return add_key(api.database, "acme", "agent", agent_id=AGENT)


def _add(
    api: Api, slug: str, title: str, body: str = "A body.", **columns: str | UUID | object
) -> UUID:
    article = Knowledge(api.database).article(slug, title, body)
    with api.database.operator_transaction() as connection:
        for name, value in {"category": "finding", **columns}.items():
            stored = Jsonb(value) if isinstance(value, dict) else value
            update = sql.SQL("UPDATE articles SET {} = %s WHERE id = %s")
            connection.execute(update.format(sql.Identifier(name)), [stored, article])
    return article


def _patch(api: Api, article: UUID, key: str, body: object, **headers: str) -> httpx2.Response:
    return api.post(f"{ARTICLES}/{article}", key, body, method="PATCH", **headers)


def _titles(response: httpx2.Response) -> list[str]:
    return [item["title"] for item in response.json()["data"]]


def test_a_list_has_all_states_without_bodies(api: Api, agent: str) -> None:
    for status in ("draft", "published", "archived", "superseded"):
        _add(api, "acme", status, status=status)
    _add(api, "other", "Other")
    response = api.get(ARTICLES, agent)
    assert sorted(_titles(response)) == ["archived", "draft", "published", "superseded"]
    assert all("body" not in item for item in response.json()["data"])
    assert response.json()["meta"] == {
        "total_count": 4,
        "limit": 20,
        "offset": 0,
        "cut_at_body_bytes": False,
    }


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("status=draft", ["B"]),
        ("category=pattern", ["C"]),
        ("tags=x", ["A", "C"]),
        ("tags=x,y", ["A", "C"]),
        ("tags=x,y&match=all", ["A"]),
        ("tags=%20,,", ["A", "B", "C"]),
        (f"project_id={id_of('acme', 'project')}", ["B"]),
        ("idempotency_key=k", ["C"]),
        ("source_type=manual", ["A"]),
        (f"source_id={UUID(int=5)}", ["B"]),
        ("limit=2", ["A", "B"]),
        ("limit=2&offset=2", ["C"]),
        ("offset=99999999999999999999", []),
        ("limit=2abc", ["A", "B"]),
    ],
)
def test_the_filters_of_a_list(api: Api, agent: str, query: str, titles: list[str]) -> None:
    project = id_of("acme", "project")
    _add(api, "acme", "A", tags=["x", "y"], source_type="manual")
    _add(api, "acme", "B", status="draft", project_id=project, source_id=UUID(int=5))
    _add(api, "acme", "C", tags=["x"], category="pattern", idempotency_key="k")
    with api.database.operator_transaction() as connection:
        connection.execute("UPDATE articles SET inserted_at = '2026-01-01'::date - ascii(title)")
    assert _titles(api.get(ARTICLES, agent, query)) == titles


@pytest.mark.parametrize("name", ["status", "category"])
def test_an_unknown_state_or_category_is_named_with_the_known_ones(
    api: Api, agent: str, name: str
) -> None:
    response = api.get(ARTICLES, agent, f"{name}=rumour")
    assert response.status_code == 400
    assert response.json()["error"]["code"] == f"invalid_{name}"


def test_a_page_with_bodies_ends_before_five_megabytes(api: Api, agent: str) -> None:
    for number in range(12):
        _add(api, "acme", f"{number}", body="x" * 500_000)
    response = api.get(ARTICLES, agent, "include_body=true")
    assert len(response.json()["data"]) == 10
    assert response.json()["meta"]["cut_at_body_bytes"]
    assert response.json()["meta"]["total_count"] == 12


def test_an_article_shows_its_links_and_open_conflicts(api: Api, agent: str) -> None:
    article, near, far = (_add(api, "acme", title) for title in ("A", "Near", "Far"))
    hidden = _add(api, "acme", "Hidden", metadata={"visibility": "private", "agent_id": "b"})
    with api.database.operator_transaction() as connection:
        for source, target, kind in [
            (article, near, "relates_to"),
            (near, article, "potential_conflict"),
            (far, article, "potential_conflict"),
            (hidden, article, "relates_to"),
        ]:
            connection.execute(
                "INSERT INTO article_links (id, tenant_id, source_article_id, target_article_id,"
                " relationship_type, metadata, inserted_at) VALUES (%s, %s, %s, %s, %s, %s, now())",
                [uuid4(), id_of("acme"), source, target, kind, Jsonb({"similarity_score": 0.95})],
            )
        connection.execute(
            "INSERT INTO conflict_resolutions (id, tenant_id, source_article_id, target_article_id,"
            " disposition, annotated_at, inserted_at, updated_at)"
            " VALUES (%s, %s, %s, %s, 'dismiss', now(), now(), now())",
            [uuid4(), id_of("acme"), article, far],
        )
    data = api.get(f"{ARTICLES}/{article}", agent).json()["data"]
    assert [link["title"] for link in data["outgoing_links"]] == ["Near"]
    assert sorted(link["title"] for link in data["incoming_links"]) == ["Far", "Near"]
    assert data["potential_conflicts"] == [
        {"article_id": str(near), "title": "Near", "similarity": 0.95}
    ]
    assert data["body"] == "A body."


@pytest.mark.parametrize("owner", ["other", "private", "nobody", "no uuid"])
def test_an_article_that_the_caller_may_not_see_is_not_found(
    api: Api, agent: str, owner: str
) -> None:
    private = {"visibility": "private", "agent_id": "b"}
    article: object = uuid4()
    if owner == "other":
        article = _add(api, "other", "A")
    elif owner == "private":
        article = _add(api, "acme", "A", metadata=private)
    elif owner == "no uuid":
        article = "articles"
    assert message(api.get(f"{ARTICLES}/{article}", agent)) == (404, "Not found")
    assert _titles(api.get(ARTICLES, agent)) == []


def test_an_agent_sees_its_own_private_article(api: Api, agent: str, key: str) -> None:
    private = {"visibility": "owner", "agent_id": str(AGENT)}
    article = _add(api, "acme", "A", metadata=private)
    for caller in (agent, key):
        assert api.get(f"{ARTICLES}/{article}", caller).status_code == 200
        assert _titles(api.get(ARTICLES, caller)) == ["A"]


def test_a_version_is_changed_once(api: Api, key: str) -> None:
    article = _add(api, "acme", "A")
    etag = api.get(f"{ARTICLES}/{article}", key).headers["etag"]
    first = _patch(api, article, key, {"body": "First."}, if_match=etag)
    second = _patch(api, article, key, {"body": "Second."}, if_match=etag)
    assert (first.status_code, second.status_code) == (200, 412)
    assert first.json()["data"]["body"] == "First."
    again = _patch(api, article, key, {"body": "Second."}, if_match=first.headers["etag"])
    assert again.json()["data"]["body"] == "Second."
    assert _patch(api, article, key, {"body": "Third."}).status_code == 200


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"title": "Taken"}, "title"),
        ({"title": 7}, "title"),
        ({"body": ""}, "body"),
        ({"status": "secret"}, "status"),
        ({"project_id": str(id_of("other", "project"))}, "project_id"),
        ([], "body"),
    ],
)
def test_a_change_that_cannot_be_made_names_its_field(
    api: Api, key: str, body: object, named: str
) -> None:
    article = _add(api, "acme", "A")
    _add(api, "acme", "Taken")
    assert details(_patch(api, article, key, body)).keys() == {named}


def test_states_follow_loopctl_s_transitions(api: Api, key: str) -> None:
    article = _add(api, "acme", "A", status="draft")
    path = f"{ARTICLES}/{article}"
    orchestrator = add_key(api.database, "acme", "orchestrator")
    assert api.post(f"{path}/publish", orchestrator, None).json()["data"]["status"] == "published"
    assert message(api.post(f"{path}/publish", orchestrator, None)) == (
        422,
        "Cannot transition from published to published",
    )
    assert api.post(f"{path}/unpublish", key, None).json()["data"]["status"] == "draft"
    assert api.post(f"{path}/archive", key, None).json()["data"]["status"] == "archived"
    assert _patch(api, article, key, {"status": "published"}).status_code == 422
    for _ in range(2):
        gone = api.post(path, key, None, method="DELETE")
        assert gone.json()["data"]["status"] == "archived"
    actions = [audit["action"] for audit in rows_of(api.database, "audit_log")]
    assert actions == ["article.published", "article.unpublished", "article.archived"]
    assert {audit["actor_type"] for audit in rows_of(api.database, "audit_log")} == {"api_key"}
