"""`embed` and `breaker` as a person uses them: processes of their own, on a real server."""

import base64
import json

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import Permit, Verdict
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines_tests.knowledge.embedding.knowledge import CLOAK_KEY, KEY, Knowledge
from loopctl_pipelines_tests.shell import Shell
from loopctl_pipelines_tests.usage import id_of


def settings(provider: LoopbackServer) -> dict[str, str]:
    return {
        "LOOPCTL_EMBEDDING_BASE_URL": provider.base_url,
        "LOOPCTL_CLOAK_KEY": base64.b64encode(CLOAK_KEY).decode(),
    }


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    """One tenant whose articles can be embedded, one without a key, one with a revoked key."""
    knowledge = Knowledge(database)
    for slug, key in (("acme", KEY), ("blue", None), ("cold", "revoked")):
        knowledge.tenant(slug, key=key)
        knowledge.articles(slug, 3)
    return knowledge


def test_embed_shows_its_progress_and_why_some_articles_have_no_vector(
    shell: Shell, knowledge: Knowledge
) -> None:
    with LoopbackServer([KEY]) as provider:
        code, out, err = shell.with_settings(**settings(provider)).run("embed")
    assert code == 1
    assert err == "Tenant 'blue': no embedding API key configured; embedding is skipped.\n"
    assert "9/9" in out
    assert "tenant 'cold'" in out
    assert "no embedding key: 3" in out
    assert "(api_error status=401)" in out
    assert knowledge.embedded("acme") == {"Article 0", "Article 1", "Article 2"}


@pytest.mark.usefixtures("knowledge")
def test_embed_as_json_is_the_summary_alone(shell: Shell) -> None:
    with LoopbackServer([KEY]) as provider:
        code, out, err = shell.with_settings(**settings(provider)).run("embed", "--json")
    summary = json.loads(out)
    assert code == 1
    assert summary["articles"] == {"landed": 3, "failed": 3, "waiting": 3, "unchanged": 0}
    assert summary["command"].startswith("embed-")
    assert len(summary["runs"]) == 1
    assert summary["url"] is None
    assert "9/9" in err


def test_embed_of_one_tenant_does_not_touch_the_others(shell: Shell, knowledge: Knowledge) -> None:
    with LoopbackServer([KEY]) as provider:
        code, out, _ = shell.with_settings(**settings(provider)).run("embed", "--tenant", "acme")
        assert provider.requests == 1
    assert code == 0
    assert "3/3" in out
    assert len(knowledge.pending("cold")) == 3


def test_articles_wait_at_a_wrong_address_and_are_embedded_at_the_right_one(
    shell: Shell, knowledge: Knowledge
) -> None:
    with LoopbackServer([KEY]) as provider:
        wrong = {**settings(provider), "LOOPCTL_EMBEDDING_BASE_URL": f"{provider.base_url}/wrong"}
        code, out, _ = shell.with_settings(**wrong).run("embed", "--tenant", "acme")
        assert code == 1
        assert "LOOPCTL_EMBEDDING_BASE_URL" in out
        right = shell.with_settings(**settings(provider))
        assert right.run("embed", "--tenant", "acme")[0] == 0
    assert len(knowledge.embedded("acme")) == 3


def test_embed_again_retries_articles_that_were_set_aside(
    shell: Shell, knowledge: Knowledge
) -> None:
    with LoopbackServer([KEY]) as provider:
        shell = shell.with_settings(**settings(provider))
        requests = []
        for again in ((), (), ("--again",)):
            assert shell.run("embed", *again, "--tenant", "cold")[0] == 1
            requests.append(provider.requests)
    assert requests == [1, 1, 2]
    assert knowledge.embedded("cold") == set()


def test_an_open_circuit_is_shown_and_closed_by_hand(shell: Shell, knowledge: Knowledge) -> None:
    breaker = Breaker(knowledge.database, OPENAI.name)
    for _ in range(3):
        breaker.record(Permit(id_of("acme")), Verdict.COUNTED)
    assert "acme: open until" in shell.run("breaker", "show", "acme")[1]
    assert "acme: closed." in shell.run("breaker", "reset", "acme")[1]
    assert "acme: closed." in shell.run("breaker", "show", "acme")[1]
    code, _, err = shell.run("breaker", "reset", "acmee")
    assert code == 1
    assert "No tenant has the slug 'acmee'" in err
