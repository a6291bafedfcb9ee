"""Requests to Anthropic for a tenant: its own key and model, its own circuit, the ledger."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from psycopg import sql

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.errors import SettingsError
from loopctl_pipelines.llm.anthropic.exceptions import ANTHROPIC, LONGEST_DEADLINE_SECONDS
from loopctl_pipelines.llm.anthropic.message_answer import Answer, TokenUsage
from loopctl_pipelines.llm.anthropic.message_request import MessageRequest, Tool
from loopctl_pipelines.llm.anthropic.messages_provider import MessagesProvider
from loopctl_pipelines.llm.anthropic.tenant_messages import TenantAccess, TenantMessages, billed
from loopctl_pipelines.llm.anthropic.tenant_settings import DEFAULT_MODEL
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import CircuitState
from loopctl_pipelines.llm.cloak import encrypt
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.guarded_call import GuardedCall
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.llm.usage import record_usage
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.knowledge.embedding import passing_time
from loopctl_pipelines_tests.knowledge.embedding.knowledge import CLOAK_KEY, Knowledge
from loopctl_pipelines_tests.knowledge.persisted import found_in_database
from loopctl_pipelines_tests.llm import failing_provider as faults
from loopctl_pipelines_tests.llm.anthropic.message_body import FOUND
from loopctl_pipelines_tests.llm.anthropic.wrong_messages import BILLED, message
from loopctl_pipelines_tests.llm.canary import Canaries, canary
from loopctl_pipelines_tests.llm.failing_provider import Exchange, FailingProvider, Fault
from loopctl_pipelines_tests.llm.openai.provider_cases import REJECTIONS

KEY, WORD, TEXT = canary("key"), canary("word"), canary("text")
CANARIES = Canaries({"key": KEY, "word": WORD, "text": TEXT})
TOOL = Tool("file_articles", "Files articles.", {"type": "object"})
USAGE = "SELECT operation, model, input_tokens, output_tokens, source_type FROM llm_usage_events"
AUDITED = "SELECT action, new_state ->> 'operation' FROM audit_log"
REJECTED = ProviderFailure(FailureKind.CIRCUIT_OPEN)
NO_KEY = ProviderFailure(FailureKind.NO_API_KEY)


@pytest.fixture(autouse=True)
def _logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Log everything, and find no canary in it."""
    caplog.set_level(logging.DEBUG)
    yield
    assert CANARIES.found_in(caplog.text) == set()


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    knowledge = Knowledge(database)
    knowledge.tenant("globex", key="an embedding key")
    set_columns(knowledge, api_key=encrypt(KEY, CLOAK_KEY))
    return knowledge


@pytest.fixture
def tenant(knowledge: Knowledge) -> UUID:
    [(tenant,)] = knowledge.rows("globex", "SELECT tenant_id FROM tenant_llm_settings")
    assert isinstance(tenant, UUID)
    return tenant


def set_columns(knowledge: Knowledge, **columns: object) -> None:
    """Change the tenant's LLM settings, as loopctl does."""
    with knowledge.database.operator_transaction() as connection:
        for name, value in columns.items():
            change = sql.SQL("UPDATE tenant_llm_settings SET {} = %s")
            connection.execute(change.format(sql.Identifier(name)), [value])


@contextmanager
def messages(
    knowledge: Knowledge, fault: Fault, cloak_key: bytes | None = CLOAK_KEY
) -> Iterator[tuple[TenantMessages, FailingProvider]]:
    """Serve the fault, and give what calls it."""
    database = knowledge.database
    guard = GuardedCall(ANTHROPIC, database, requests=2)
    with (
        FailingProvider(fault, word=WORD) as server,
        MessagesProvider(server.address, deadline_seconds=60) as provider,
    ):
        yield TenantMessages(provider, guard, database, cloak_key), server


def access(at_anthropic: TenantMessages, tenant: UUID) -> TenantAccess:
    found = at_anthropic.access(tenant, "globex", Operation.EXTRACTION)
    assert isinstance(found, TenantAccess)
    return found


def request(model: str = DEFAULT_MODEL) -> MessageRequest:
    return MessageRequest(Operation.EXTRACTION, model, "Extract.", TEXT, TOOL, 1_000)


def ask(knowledge: Knowledge, tenant: UUID, fault: Fault, times: int = 1) -> list[Answer]:
    with messages(knowledge, fault) as (at_anthropic, _):
        ours, breaker = access(at_anthropic, tenant), at_anthropic.guard.breaker
        return [
            at_anthropic.call(ours, request(), breaker.admit(tenant), source_type="ingestion")
            for _ in range(times)
        ]


def test_the_tenant_s_own_key_is_sent(knowledge: Knowledge, tenant: UUID) -> None:
    keys: list[str] = []

    def remember(exchange: Exchange) -> None:
        keys.append(exchange.key)
        message(lambda _: None)(exchange)

    assert ask(knowledge, tenant, remember) == [Answer(FOUND, BILLED)]
    assert keys == [KEY]


def test_each_operation_has_the_tenant_s_model_or_the_default(
    knowledge: Knowledge, tenant: UUID
) -> None:
    set_columns(knowledge, extraction_model="a", merge_model="c")
    with messages(knowledge, faults.hang) as (at_anthropic, _):
        settings = access(at_anthropic, tenant).settings
    of_each = [
        settings.model(operation)
        for operation in (Operation.EXTRACTION, Operation.CLASSIFICATION, Operation.MERGE)
    ]
    assert of_each == ["a", "claude-haiku-4-5-20251001", "c"]


@pytest.mark.parametrize("key", [None, "", "  "])
def test_without_a_key_the_work_is_skipped_warned_of_and_audited_once_a_day(
    knowledge: Knowledge, tenant: UUID, caplog: pytest.LogCaptureFixture, key: str | None
) -> None:
    set_columns(knowledge, api_key=None if key is None else encrypt(key, CLOAK_KEY))
    with messages(knowledge, message(lambda _: None)) as (at_anthropic, server):
        for _ in range(2):
            assert at_anthropic.access(tenant, "globex", Operation.MERGE) == NO_KEY
        assert at_anthropic.access(tenant, "globex", Operation.EXTRACTION) == NO_KEY
        assert server.requests == 0
    assert sorted(knowledge.rows("globex", AUDITED)) == [
        ("llm.blocked_no_api_key", "extraction"),
        ("llm.blocked_no_api_key", "merge"),
    ]
    assert "Tenant 'globex': no Anthropic API key configured; merge is skipped." in caplog.text


@pytest.mark.parametrize("cloak_key", [None, bytes(32)], ids=["not set", "another"])
def test_a_key_that_cannot_be_decrypted_is_unusable_and_not_audited(
    knowledge: Knowledge, tenant: UUID, cloak_key: bytes | None
) -> None:
    with messages(knowledge, faults.hang, cloak_key) as (at_anthropic, _):
        found = at_anthropic.access(tenant, "globex", Operation.MERGE)
    assert found == ProviderFailure(FailureKind.UNUSABLE_KEY)
    assert knowledge.rows("globex", AUDITED) == []


def test_a_result_is_recorded_by_who_writes_it(knowledge: Knowledge, tenant: UUID) -> None:
    [answer] = ask(knowledge, tenant, message(lambda _: None))
    assert knowledge.rows("globex", USAGE) == []
    event = billed(request(), answer, "ingestion")
    assert event is not None
    with knowledge.database.tenant_transaction(tenant) as connection:
        record_usage(connection, tenant, event)
    assert knowledge.rows("globex", USAGE) == [("extraction", DEFAULT_MODEL, 7, 3, "ingestion")]


def test_a_failure_that_was_billed_is_recorded_at_once(knowledge: Knowledge, tenant: UUID) -> None:
    def truncate(answer: dict[str, object]) -> None:
        cached = {"cache_creation_input_tokens": 20, "cache_read_input_tokens": 100}
        answer["stop_reason"] = "max_tokens"
        answer["usage"] = {"input_tokens": 1, "output_tokens": 4_000, **cached}

    [answer] = ask(knowledge, tenant, message(truncate))
    truncated = ProviderFailure(FailureKind.TRUNCATED)
    assert answer == Answer(truncated, TokenUsage(121, 4_000))
    recorded = [("extraction", DEFAULT_MODEL, 121, 4_000, "ingestion")]
    assert knowledge.rows("globex", USAGE) == recorded


def test_a_ledger_that_cannot_be_written_costs_no_answer(
    knowledge: Knowledge, tenant: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    refuse = message(lambda answer: answer.update(stop_reason="refusal"))
    with messages(knowledge, refuse) as (at_anthropic, _):
        too_long_for_the_ledger = request(model="m" * 300)
        permit = at_anthropic.guard.breaker.admit(tenant)
        answer = at_anthropic.call(access(at_anthropic, tenant), too_long_for_the_ledger, permit)
    assert answer == Answer(ProviderFailure(FailureKind.REFUSED), BILLED)
    assert "A billed request is missing in the ledger: embedding_crash" in caplog.messages


@pytest.mark.parametrize("case", REJECTIONS)
def test_a_rejection_leaves_nothing_but_its_circuit(
    knowledge: Knowledge, tenant: UUID, database_url: str, case: str
) -> None:
    fault, kept, _, counted = REJECTIONS[case]
    assert ask(knowledge, tenant, fault) == [Answer(kept)]
    assert knowledge.rows("globex", USAGE) == []
    assert found_in_database(database_url, CANARIES) == set()
    circuit = Breaker(knowledge.database, ANTHROPIC.name, ANTHROPIC.policy).state(tenant)
    assert circuit.failures == (1 if counted else 0)


def test_an_outage_at_anthropic_opens_its_circuit_and_not_openai_s(
    knowledge: Knowledge, tenant: UUID
) -> None:
    unavailable = Answer(ProviderFailure(FailureKind.API_ERROR, 529))
    answers = ask(knowledge, tenant, faults.refusal(529), times=5)
    assert answers == [unavailable] * 3 + [Answer(REJECTED)] * 2
    at_anthropic = Breaker(knowledge.database, ANTHROPIC.name, ANTHROPIC.policy)
    assert at_anthropic.state(tenant).state is CircuitState.OPEN
    assert Breaker(knowledge.database, OPENAI.name).state(tenant).state is CircuitState.CLOSED
    passing_time.cooldown(knowledge.database)
    assert ask(knowledge, tenant, message(lambda _: None)) == [Answer(FOUND, BILLED)]
    assert at_anthropic.state(tenant).state is CircuitState.CLOSED


def test_refusals_and_truncated_answers_leave_the_circuit_closed(
    knowledge: Knowledge, tenant: UUID
) -> None:
    refuse = message(lambda answer: answer.update(stop_reason="refusal"))
    answers = ask(knowledge, tenant, refuse, times=4)
    assert answers == [Answer(ProviderFailure(FailureKind.REFUSED), BILLED)] * 4


def test_the_longest_timeouts_in_a_row_open_the_circuit_and_a_probe_outlasts_one() -> None:
    name, longest = "LOOPCTL_ANTHROPIC_DEADLINE_SECONDS", LONGEST_DEADLINE_SECONDS
    assert Settings.from_environment({name: f"{longest}"}).anthropic_deadline_seconds == longest
    with pytest.raises(SettingsError):
        Settings.from_environment({name: f"{longest + 1}"})
    assert ANTHROPIC.policy.window.total_seconds() > 2 * longest
    assert ANTHROPIC.policy.probe_lease.total_seconds() > longest + 1
