"""The ledger: a row per billed request, and no error that would cost an answer."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.llm.usage import UsageEvent, best_effort, record_usage
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge
from loopctl_pipelines_tests.usage import id_of

ACME = id_of("acme")
USAGE = (
    "SELECT operation, model, input_tokens, output_tokens, source_type, article_id"
    " FROM llm_usage_events ORDER BY operation"
)
EVENT = UsageEvent(UUID(int=1), Operation.EMBEDDING, "a-model", 7, article_id=UUID(int=2))


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    knowledge = Knowledge(database)
    for slug in ("acme", "globex"):
        knowledge.tenant(slug)
    return knowledge


def record(database: Database, *events: UsageEvent) -> None:
    for event in events:
        with database.tenant_transaction(ACME) as connection:
            record_usage(connection, ACME, event)


def ledger(knowledge: Knowledge, slug: str = "acme") -> list[tuple[object, ...]]:
    return knowledge.rows(slug, USAGE)


def test_an_event_is_recorded_for_its_tenant_only(database: Database, knowledge: Knowledge) -> None:
    record(database, EVENT)
    assert ledger(knowledge) == [("embedding", "a-model", 7, 0, None, UUID(int=2))]
    assert ledger(knowledge, "globex") == []


def test_the_operations_are_loopctl_s(database: Database, knowledge: Knowledge) -> None:
    record(database, *(replace(EVENT, id=uuid4(), operation=each) for each in Operation))
    recorded = [row[0] for row in ledger(knowledge)]
    assert recorded == ["classification", "embedding", "extraction", "merge"]


def test_the_same_event_written_twice_is_recorded_once(
    database: Database, knowledge: Knowledge
) -> None:
    record(database, EVENT, replace(EVENT, input_tokens=8))
    assert [row[2] for row in ledger(knowledge)] == [7]


def test_an_error_of_the_ledger_is_logged_without_its_text(
    database: Database, knowledge: Knowledge, caplog: pytest.LogCaptureFixture
) -> None:
    with best_effort():
        record(database, replace(EVENT, model="secret" * 100))
    assert ledger(knowledge) == []
    assert "missing in the ledger: embedding_crash" in caplog.text
    assert "secret" not in caplog.text
