"""Proposing an article over HTTP: validated, looked up, then compared, then created."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.api.angles import angle_provider
from loopctl_pipelines_tests.api.proposing import ARTICLES, gated, proposal
from loopctl_pipelines_tests.api.rows import add_key, rows_of
from loopctl_pipelines_tests.api.serving import Api, details, message
from loopctl_pipelines_tests.llm.failing_provider import FailingProvider
from loopctl_pipelines_tests.usage import id_of
from loopctl_pipelines_tests.webhooks.subscriptions import add_webhook, queued


@pytest.fixture
def provider() -> Iterator[FailingProvider]:
    with angle_provider() as provider:
        yield provider


@pytest.fixture
def api(database: Database, provider: FailingProvider) -> Iterator[Api]:
    with gated(database, provider) as api:
        yield api


@pytest.fixture
def key(api: Api) -> str:
    return add_key(api.database, "acme", "agent", agent_id=id_of("acme", "agent", "a"))


def _articles(api: Api) -> dict[str, dict[str, Any]]:
    return {row["title"]: row for row in rows_of(api.database, "articles")}


def test_a_new_article_is_published_with_its_vector_audited_and_announced(
    api: Api, key: str, provider: FailingProvider
) -> None:
    add_webhook(api.database, "acme", "article.created")
    response = api.post(ARTICLES, key, proposal(tags=["a"], metadata={"n": 1.5}))
    assert response.status_code == 201
    assert response.json()["gate"] == {
        "verdict": "novel",
        "novelty": "novel",
        "nearest": [],
    }
    data = response.json()["data"]
    assert (data["title"], data["status"], data["metadata"]) == ("A", "published", {"n": 1.5})
    (row,) = _articles(api).values()
    assert (str(row["id"]), row["tags"]) == (data["id"], ["a"])
    assert row["embedding"] is not None
    audits = {audit["action"]: audit for audit in rows_of(api.database, "audit_log")}
    assert audits["article.created"]["actor_label"] == "agent of acme"
    (event,) = queued(api.database)
    assert event["payload"]["id"] == data["id"]
    assert provider.requests == 1


def test_its_vector_is_not_paid_for_again(api: Api, key: str) -> None:
    api.post(ARTICLES, key, proposal())
    with api.database.tenant_transaction(id_of("acme")) as connection:
        pending = connection.execute("SELECT * FROM loopctl_pipelines.pending_articles").fetchall()
        events = connection.execute("SELECT input_tokens FROM llm_usage_events").fetchall()
    assert pending == []
    assert events == [(7,)]


@pytest.mark.parametrize(
    ("similarity", "verdict", "status"),
    [
        ("0.8799", "novel", "published"),
        ("0.88", "gated_to_draft", "draft"),
        ("0.8801", "gated_to_draft", "draft"),
        ("0.9699", "gated_to_draft", "draft"),
        ("0.97", "duplicate", None),
        ("1", "duplicate", None),
    ],
)
def test_the_verdict_follows_the_similarity(
    api: Api, key: str, similarity: str, verdict: str, status: str | None
) -> None:
    first = api.post(ARTICLES, key, proposal()).json()["data"]["id"]
    response = api.post(ARTICLES, key, proposal(title="B", body=f"similarity {similarity}"))
    gate = response.json()["gate"]
    assert gate["verdict"] == verdict
    if verdict == "novel":
        assert gate["nearest"] == []
    else:
        (near,) = gate["nearest"]
        assert (near["id"], near["title"]) == (first, "A")
        assert (
            near["similarity"] == gate["similarity"] == pytest.approx(float(similarity), abs=1e-6)
        )
    rows = _articles(api)
    if status is None:
        assert response.status_code == 200
        assert response.json()["deduplicated"]
        assert response.json()["data"] == {"id": first, "title": "A", "status": "published"}
        assert rows.keys() == {"A"}
        return
    assert response.status_code == 201
    assert rows["B"]["status"] == response.json()["data"]["status"] == status
    if status == "draft":
        novelty = rows["B"]["metadata"]["proposal_novelty"]
        assert (novelty["verdict"], novelty["nearest"][0]["id"]) == ("low_novelty", first)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"body": "similarity 1"}, 200),
        ({"body": " similarity 1\n"}, 200),
        ({"body": "other"}, 409),
        ({"title": "B", "idempotency_key": "k"}, 200),
    ],
)
def test_a_known_key_or_title_is_found_before_anything_is_paid(
    api: Api, key: str, provider: FailingProvider, changed: dict[str, Any], status: int
) -> None:
    first = api.post(ARTICLES, key, proposal(idempotency_key="k"))
    again = api.post(ARTICLES, key, proposal(**changed))
    assert again.status_code == status
    assert provider.requests == 1
    if status == 409:
        error = again.json()["error"]
        assert error["code"] == "title_conflict"
        assert error["details"] == {"existing_article_id": first.json()["data"]["id"]}
    else:
        assert again.json()["deduplicated"]
        assert again.json()["data"]["id"] == first.json()["data"]["id"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"title": "e\N{COMBINING ACUTE ACCENT}" * 300}, "title"),
        ({"title": 7}, "title"),
        ({"body": "x" * 500_001}, "body"),
        ({"body": "\x00"}, "body"),
        ({"category": "rumour"}, "category"),
        ({"metadata": []}, "metadata"),
        ({"project_id": str(id_of("other", "project"))}, "project_id"),
    ],
)
def test_what_cannot_be_stored_is_refused_before_anything_is_paid(
    api: Api, key: str, provider: FailingProvider, fields: dict[str, Any], named: str
) -> None:
    assert details(api.post(ARTICLES, key, proposal(**fields))).keys() == {named}
    assert provider.requests == 0
    assert _articles(api) == {}


def test_another_tenant_s_article_is_no_neighbour(api: Api, key: str) -> None:
    other = add_key(api.database, "other", "agent")
    assert api.post(ARTICLES, other, proposal()).status_code == 201
    assert api.post(ARTICLES, key, proposal(title="B")).json()["gate"]["verdict"] == "novel"


def test_a_proposal_is_compared_with_its_project_and_the_whole_tenant(api: Api, key: str) -> None:
    path = f"/api/v1/projects/{id_of('acme', 'project')}/articles"
    assert api.post(path, key, proposal()).json()["data"]["project_id"]
    with api.database.operator_transaction() as connection:
        connection.execute(
            "INSERT INTO projects (id, tenant_id, name, slug, inserted_at, updated_at)"
            " SELECT %s, tenant_id, 'q', 'q', inserted_at, updated_at FROM projects WHERE id = %s",
            [id_of("acme", "q"), id_of("acme", "project")],
        )
    elsewhere = f"/api/v1/projects/{id_of('acme', 'q')}/articles"
    assert api.post(elsewhere, key, proposal(title="B")).json()["gate"]["verdict"] == "novel"
    (near, *_) = api.post(ARTICLES, key, proposal(title="C")).json()["gate"]["nearest"]
    assert near["project_id"] in {str(id_of("acme", "project")), str(id_of("acme", "q"))}


def test_a_project_of_another_tenant_is_unknown(api: Api, key: str) -> None:
    path = f"/api/v1/projects/{id_of('other', 'project')}/articles"
    assert message(api.post(path, key, proposal())) == (404, "Not found")


def test_an_agent_speaks_for_itself_only(api: Api, key: str) -> None:
    response = api.post(
        ARTICLES, key, proposal(metadata={"agent_id": "b", "visibility": "private"})
    )
    metadata = response.json()["data"]["metadata"]
    assert metadata["agent_id"] == str(id_of("acme", "agent", "a"))
    nobody = add_key(api.database, "acme", "agent")
    refused = api.post(ARTICLES, nobody, proposal(metadata={"visibility": "private"}))
    assert refused.json()["error"]["code"] == "agent_identity_required"
    system = api.post(ARTICLES, key, proposal(scope="system"))
    assert (system.status_code, system.json()["error"]["code"]) == (403, "system_scope_forbidden")


@pytest.mark.parametrize(
    "fields", [{"body": "similarity 1"}, {"body": "other"}, {"title": "B", "idempotency_key": "k"}]
)
def test_another_agent_s_private_article_is_refused_with_nothing_of_it(
    api: Api, key: str, fields: dict[str, Any]
) -> None:
    private = {"visibility": "private"}
    first = api.post(ARTICLES, key, proposal(idempotency_key="k", metadata=private))
    stranger = add_key(api.database, "acme", "agent")
    response = api.post(ARTICLES, stranger, proposal(**fields))
    assert response.json()["error"] == {
        "status": 409,
        "code": "article_conflict",
        "message": "An article with this idempotency key or title exists",
    }
    assert first.json()["data"]["id"] not in response.text
    unlike = api.post(ARTICLES, stranger, proposal(title="C"))
    assert unlike.json()["gate"]["verdict"] == "novel"


def test_force_creates_without_asking_the_gate(
    api: Api, key: str, provider: FailingProvider
) -> None:
    api.post(ARTICLES, key, proposal())
    response = api.post(ARTICLES, key, proposal(title="B", force="true"))
    assert response.status_code == 201
    assert "gate" not in response.json()
    assert provider.requests == 1


def test_a_draft_is_compared_too_and_has_no_vector(api: Api, key: str) -> None:
    assert api.post(ARTICLES, key, proposal(draft=True)).json()["gate"]["verdict"] == "novel"
    (row,) = _articles(api).values()
    assert (row["status"], row["embedding"]) == ("draft", None)


def test_of_equal_proposals_at_once_one_is_created_and_the_others_are_told(
    api: Api, key: str
) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda n: api.post(ARTICLES, key, proposal(title=f"Title {n}")), range(8))
        )
    created = [a.json()["data"]["id"] for a in answers if a.status_code == 201]
    assert len(created) == 1
    for answer in answers:
        if answer.status_code != 201:
            assert (answer.status_code, answer.json()["gate"]["verdict"]) == (200, "duplicate")
            assert answer.json()["data"]["id"] == created[0]
    assert len(_articles(api)) == 1


def test_of_the_same_proposal_at_once_one_is_created(api: Api, key: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.post(ARTICLES, key, proposal()), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["data"]["id"] for answer in answers}) == 1


def test_a_tenant_that_keeps_a_curation_log_gets_a_row(api: Api, key: str) -> None:
    api.post(ARTICLES, key, proposal())
    api.post(ARTICLES, key, proposal(title="B"))
    assert rows_of(api.database, "kb_curation_events") == []
    with api.database.operator_transaction() as connection:
        connection.execute("""UPDATE tenants SET settings = '{"kb_curation_log": true}'""")
    api.post(ARTICLES, key, proposal(title="C", body="similarity 0.9"))
    api.post(ARTICLES, key, proposal(title="D"))
    kinds = {row["kind"]: row for row in rows_of(api.database, "kb_curation_events")}
    assert kinds.keys() == {"gate_draft", "gate_duplicate"}
    assert "0.900" in kinds["gate_draft"]["summary"]
