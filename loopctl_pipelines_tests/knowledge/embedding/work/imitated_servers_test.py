"""The servers in the table of `docs/embeddings.md`, each imitated by its answers' shapes."""

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.errors import KeyOrModelRejectedError, WrongUrlError
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import TenantOutcome
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge, embedder
from loopctl_pipelines_tests.llm.failing_provider import FailingProvider
from loopctl_pipelines_tests.llm.openai.imitated_servers import IMITATIONS, MODEL

each_server = pytest.mark.parametrize("name", IMITATIONS)


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    return Knowledge(database)


def run(knowledge: Knowledge, name: str, address: str = "/v1") -> tuple[TenantOutcome, int]:
    """Run once; return the outcome and the number of requests."""
    imitation = IMITATIONS[name]
    with (
        FailingProvider(imitation) as provider,
        embedder(
            knowledge.database,
            provider.address + address,
            key_header=imitation.key_header or "Authorization",
        ) as embed,
    ):
        return knowledge.run(embed, "acme"), provider.requests


@each_server
def test_every_article_gets_a_vector_and_the_next_run_wastes_no_request(
    knowledge: Knowledge, name: str
) -> None:
    knowledge.tenant("acme", model=MODEL)
    knowledge.articles("acme", 40)
    outcome, _ = run(knowledge, name)
    assert (outcome.error, outcome.counts.embedded) == (None, 40)
    assert knowledge.rows(
        "acme", "SELECT DISTINCT dimension FROM loopctl_pipelines.embedding_states"
    ) == [(IMITATIONS[name].size,)]
    for n in range(20):
        knowledge.article("acme", f"New {n}")
    outcome, requests = run(knowledge, name)
    assert (outcome.counts.embedded, requests) == (20, 1)


@pytest.mark.parametrize("name", [n for n, each in IMITATIONS.items() if each.no_such_model])
def test_a_model_that_it_does_not_have_is_the_tenants_fault(
    knowledge: Knowledge, name: str
) -> None:
    knowledge.tenant("acme", model="x")
    knowledge.articles("acme", 2)
    outcome, _ = run(knowledge, name)
    assert isinstance(outcome.error, KeyOrModelRejectedError)
    assert outcome.counts.set_aside == 2


@each_server
@pytest.mark.parametrize("address", ["", "/v1/embeddings"])
def test_a_wrong_address_is_the_operators_fault_and_sets_nothing_aside(
    knowledge: Knowledge, name: str, address: str
) -> None:
    knowledge.tenant("acme", model=MODEL)
    knowledge.articles("acme", 2)
    outcome, requests = run(knowledge, name, address)
    assert (outcome.counts.set_aside, requests) == (0, 1)
    if name == "LM Studio":  # it answers 200
        assert outcome.failures == {"malformed": 1}
    else:
        assert isinstance(outcome.error, WrongUrlError)
        assert "LOOPCTL_EMBEDDING_BASE_URL" in str(outcome.error)
