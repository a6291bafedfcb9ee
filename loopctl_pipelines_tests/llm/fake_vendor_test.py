"""A vendor that is a folder of three small files gets the whole guarded path.

The folder is `acme`; its requests and OpenAI's go to real servers on loopback.
"""

import json
import logging
from collections.abc import Iterator
from functools import partial
from uuid import UUID, uuid4

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.circuit import CircuitState
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines.llm.guarded_call import GuardedCall
from loopctl_pipelines.llm.openai.embedding_answer import Embedded
from loopctl_pipelines.llm.openai.embedding_provider import EmbeddingProvider
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines.llm.openai.limits import SMALL_MODEL, SMALL_MODEL_DIMENSION
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.llm.secret import Secret
from loopctl_pipelines.llm.usage import (
    LEDGER_LOCK_SECONDS,
    UsageEvent,
    best_effort,
    record_usage,
)
from loopctl_pipelines.llm.vendor import Vendor
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge
from loopctl_pipelines_tests.knowledge.persisted import found_in_database
from loopctl_pipelines_tests.llm import failing_provider as faults
from loopctl_pipelines_tests.llm.acme.client import AcmeClient, Summary
from loopctl_pipelines_tests.llm.acme.exceptions import ACME
from loopctl_pipelines_tests.llm.canary import Canaries, canary
from loopctl_pipelines_tests.llm.failing_provider import FailingProvider, Fault

KEY, WORD, TEXT = canary("key"), canary("word"), canary("text")
CANARIES = Canaries({"key": KEY, "word": WORD, "text": TEXT})
UNAVAILABLE = ProviderFailure(FailureKind.API_ERROR, 503)
USAGE = "SELECT operation, model, input_tokens, output_tokens, source_type FROM llm_usage_events"
REJECTED = ProviderFailure(FailureKind.CIRCUIT_OPEN)


@pytest.fixture(autouse=True)
def _logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Log everything, and find no canary in it."""
    caplog.set_level(logging.DEBUG)
    yield
    assert CANARIES.found_in(caplog.text) == set()
    assert all(record.exc_info is None for record in caplog.records)


@pytest.fixture
def tenant(database: Database) -> UUID:
    return Knowledge(database).tenant("globex")


def guard(database: Database, vendor: Vendor) -> GuardedCall:
    return GuardedCall(vendor, database, requests=1)


def summarize(at_acme: GuardedCall, tenant: UUID, base_url: str) -> Summary | ProviderFailure:
    request = partial(AcmeClient(base_url).summarize, Secret(KEY), TEXT)
    return at_acme.run(tenant, request)


def embed(at_openai: GuardedCall, tenant: UUID, base_url: str) -> Embedded | ProviderFailure:
    with EmbeddingProvider(base_url, deadline_seconds=60) as provider:
        request = partial(provider.embed, Secret(KEY), SMALL_MODEL, SMALL_MODEL_DIMENSION, [TEXT])
        return at_openai.run(tenant, request)


def summary(exchange: faults.Exchange) -> None:
    exchange.answer(200, json.dumps({"summary": "Short.", "tokens": [70, 3]}).encode())


def test_an_outage_at_the_new_vendor_opens_its_circuit_and_not_openai_s(
    database: Database, tenant: UUID
) -> None:
    at_acme, at_openai = guard(database, ACME), guard(database, OPENAI)
    with FailingProvider(faults.refusal(503)) as down, LoopbackServer([KEY]) as up:
        failures = [summarize(at_acme, tenant, down.base_url) for _ in range(5)]
        assert failures == [UNAVAILABLE] * 3 + [REJECTED] * 2
        assert down.requests == 3
        assert isinstance(embed(at_openai, tenant, up.base_url), Embedded)
    assert at_acme.breaker.state(tenant).state is CircuitState.OPEN
    assert at_openai.breaker.state(tenant).state is CircuitState.CLOSED
    assert (at_acme.breaker.open_tenants(), at_openai.breaker.open_tenants()) == ({tenant}, set())


def test_an_outage_at_openai_opens_its_circuit_and_not_the_new_vendor_s(
    database: Database, tenant: UUID
) -> None:
    at_acme, at_openai = guard(database, ACME), guard(database, OPENAI)
    with FailingProvider(faults.refusal(503)) as down, FailingProvider(summary) as up:
        failures = [embed(at_openai, tenant, down.base_url) for _ in range(5)]
        assert failures == [UNAVAILABLE] * 3 + [REJECTED] * 2
        assert down.requests == 3
        assert summarize(at_acme, tenant, up.base_url) == Summary("Short.", 70, 3)
    assert at_openai.breaker.state(tenant).state is CircuitState.OPEN
    assert at_acme.breaker.state(tenant).state is CircuitState.CLOSED
    assert (at_acme.breaker.open_tenants(), at_openai.breaker.open_tenants()) == (set(), {tenant})


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        (faults.refusal(401), ProviderFailure(FailureKind.API_ERROR, 401)),
        (
            faults.refusal(429, Retry_After="20"),
            ProviderFailure(FailureKind.API_ERROR, 429, retry_after=20),
        ),
        (
            faults.refusal(429, Retry_After="KEY"),
            ProviderFailure(FailureKind.API_ERROR, 429),
        ),
        (faults.html(502), ProviderFailure(FailureKind.API_ERROR, 502)),
        (faults.no_http, ProviderFailure(FailureKind.REQUEST_FAILED)),
        (faults.reset_at_once, ProviderFailure(FailureKind.REQUEST_FAILED)),
        (faults.truncated_json, ProviderFailure(FailureKind.CRASH)),
        (faults.error_object, ProviderFailure(FailureKind.CRASH)),
    ],
    ids=[
        "401 that echoes the key",
        "429, in 20 s",
        "429, with the key as the time",
        "502 in HTML",
        "another protocol",
        "a reset",
        "truncated JSON",
        "an error object",
    ],
)
def test_nothing_of_its_exceptions_is_kept_but_values_from_closed_sets(
    fault: Fault, kept: ProviderFailure, database: Database, database_url: str, tenant: UUID
) -> None:
    with FailingProvider(fault, word=WORD) as server:
        failure = summarize(guard(database, ACME), tenant, server.base_url)
    assert failure == kept
    assert found_in_database(database_url, CANARIES) == set()


def test_its_exceptions_mean_nothing_at_another_vendor(database: Database, tenant: UUID) -> None:
    with FailingProvider(faults.refusal(401), word=WORD) as server:
        failure = summarize(guard(database, OPENAI), tenant, server.base_url)
    assert failure == ProviderFailure(FailureKind.CRASH)


def test_its_usage_is_recorded(database: Database, tenant: UUID) -> None:
    with FailingProvider(summary) as server:
        answer = summarize(guard(database, ACME), tenant, server.base_url)
    assert isinstance(answer, Summary)
    event = UsageEvent(
        uuid4(),
        Operation.EXTRACTION,
        "acme-1",
        answer.input_tokens,
        answer.output_tokens,
        source_type="review",
    )
    with (
        best_effort(),
        database.tenant_transaction(tenant, lock_seconds=LEDGER_LOCK_SECONDS) as connection,
    ):
        record_usage(connection, tenant, event)
    recorded = Knowledge(database).rows("globex", USAGE)
    assert recorded == [("extraction", "acme-1", 70, 3, "review")]
