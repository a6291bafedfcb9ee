"""How the provider handles each way a real server can answer, fail or stall."""

import contextlib
import logging
import pickle
import socket
import ssl
import threading
import traceback
import tracemalloc
from collections.abc import Iterator

import pytest
import trustme
from llmock.pytest_plugin import LLMock

from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_DIMENSION, DEFAULT_MODEL
from loopctl_pipelines.llm.failures import FailureKind, ProviderError, ProviderFailure
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines.llm.openai.embedding_provider import BEARER_HEADER, EmbeddingProvider
from loopctl_pipelines.llm.outcomes import Outcome, counts_for_breaker, outcome
from loopctl_pipelines.llm.secret import Secret
from loopctl_pipelines_tests.llm import failing_provider as faults
from loopctl_pipelines_tests.llm.canary import Canaries, canary
from loopctl_pipelines_tests.llm.failing_provider import DIMENSION, FailingProvider, Fault
from loopctl_pipelines_tests.llm.openai.provider_cases import (
    ALL,
    BROKEN,
    BROKEN_CONNECTIONS,
    DEADLINE,
    MALFORMED,
    REJECTIONS,
    STALLS,
    WRONG_ANSWERS,
    WRONG_URLS,
    in_seconds,
    rejected,
)

KEY, WORD, TEXT = canary("key"), canary("word"), canary("text")
CANARIES = Canaries({"key": KEY, "word": WORD, "text": TEXT})
TEXTS = [f"{TEXT} {number}" for number in range(3)]
PATIENT_SECONDS = 60.0
IMPATIENT_SECONDS = 0.5
TRANSIENT = Outcome.TRANSIENT


@pytest.fixture(autouse=True)
def _logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Log everything, and find no canary in it."""
    caplog.set_level(logging.DEBUG)
    yield
    assert CANARIES.found_in(caplog.text) == set()
    assert all(record.exc_info is None for record in caplog.records)


def patient(base_url: str) -> EmbeddingProvider:
    """Return a provider whose deadline holds on a busy machine, too."""
    return EmbeddingProvider(base_url, deadline_seconds=PATIENT_SECONDS)


def embed(
    base_url: str,
    *,
    seconds: float = PATIENT_SECONDS,
    key: str = KEY,
    key_header: str = BEARER_HEADER,
) -> ProviderFailure:
    """Request vectors and return the failure, after checking that the error leaks nothing."""
    with (
        EmbeddingProvider(base_url, deadline_seconds=seconds, key_header=key_header) as provider,
        pytest.raises(ProviderError) as raised,
    ):
        provider.embed(Secret(key), "a-model", DIMENSION, TEXTS)
    error = raised.value
    assert (error.__cause__, error.__context__) == (None, None)
    shown = [str(error), repr(error), *traceback.format_exception(error)]
    shown += [repr(vars(error)), pickle.dumps(error).decode("latin-1")]
    assert CANARIES.found_in("\n".join(shown)) == set()
    return error.failure


def ask(fault: Fault, *, seconds: float = PATIENT_SECONDS) -> ProviderFailure:
    """Request vectors from a provider with this fault; exactly one request must reach it."""
    with FailingProvider(fault, word=WORD) as server:
        failure = embed(server.base_url, seconds=seconds)
        assert server.requests == 1
        return failure


def test_valid_answers_of_the_failing_provider_are_accepted() -> None:
    with (
        FailingProvider(faults.embeddings(), word=WORD) as server,
        patient(server.base_url) as provider,
    ):
        embedded = provider.embed(Secret(KEY), "a-model", DIMENSION, TEXTS)
    assert embedded.vectors.tolist() == [[1.0] * DIMENSION, [2.0] * DIMENSION, [3.0] * DIMENSION]
    assert embedded.tokens == 7


@pytest.mark.parametrize("case", [*REJECTIONS, *WRONG_URLS])
def test_a_rejection_keeps_its_status_and_nothing_else(case: str) -> None:
    fault, kept, expected, counted = (REJECTIONS | WRONG_URLS)[case]
    assert ask(fault) == kept
    assert (outcome(kept), counts_for_breaker(kept)) == (expected, counted)


def test_a_date_in_retry_after_counts_from_now() -> None:
    failure = ask(faults.refusal(429, Retry_After=in_seconds(200)))
    assert failure.retry_after is not None
    assert 0 < failure.retry_after <= 200


@pytest.mark.parametrize("case", WRONG_ANSWERS)
def test_a_wrong_200_is_malformed_retried_and_counted(case: str) -> None:
    assert ask(WRONG_ANSWERS[case]) == MALFORMED
    assert (outcome(MALFORMED), counts_for_breaker(MALFORMED)) == (TRANSIENT, True)


@pytest.mark.parametrize("case", BROKEN_CONNECTIONS)
def test_a_broken_connection_is_a_failed_request_retried_and_counted(case: str) -> None:
    assert ask(BROKEN_CONNECTIONS[case]) == BROKEN
    assert (outcome(BROKEN), counts_for_breaker(BROKEN)) == (TRANSIENT, True)


@pytest.mark.parametrize("case", STALLS)
def test_the_deadline_covers_the_whole_request(case: str) -> None:
    assert ask(STALLS[case], seconds=IMPATIENT_SECONDS) == DEADLINE
    assert (outcome(DEADLINE), counts_for_breaker(DEADLINE)) == (TRANSIENT, True)


def test_a_refused_connection_is_a_failed_request() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert embed(f"http://127.0.0.1:{unused.getsockname()[1]}/v1") == BROKEN


def test_a_name_that_does_not_exist_is_a_failed_request() -> None:
    assert embed("http://provider.invalid/v1") == BROKEN


def test_a_certificate_of_an_unknown_authority_is_a_failed_request_and_the_key_is_not_sent() -> (
    None
):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with FailingProvider(faults.embeddings(), tls=context) as server:
        assert embed(server.base_url) == BROKEN
        assert server.requests == 0


def test_plain_http_where_tls_is_expected_is_a_failed_request() -> None:
    with FailingProvider(faults.embeddings()) as server:
        assert embed(server.base_url.replace("http:", "https:")) == BROKEN


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_with_the_key(status: int) -> None:
    with FailingProvider(faults.embeddings()) as elsewhere:
        assert ask(faults.redirect(status, elsewhere.base_url)) == rejected(status)
        assert elsewhere.requests == 0


@pytest.mark.parametrize("status", [200, 503])
def test_a_compressed_body_is_never_decompressed(status: int) -> None:
    bomb = faults.gzip_bomb(status, unpacked_megabytes=256)
    ask(faults.refusal(500))  # imports would be measured otherwise
    tracemalloc.start()
    try:
        ask(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 * 2**20


@pytest.mark.parametrize("key", ["", " ", "\t\n"])
def test_without_a_key_nothing_is_sent(key: str) -> None:
    with FailingProvider(faults.embeddings()) as server:
        assert embed(server.base_url, key=key) == ProviderFailure(FailureKind.NO_API_KEY)
        assert server.requests == 0


@pytest.mark.parametrize(
    "key", ["ключ", f"{KEY}\r\nX-Injected: 1", "\x00", "\ud800", f"{KEY} "], ids=ascii
)
def test_a_key_no_header_can_carry_is_not_sent(key: str) -> None:
    with FailingProvider(faults.embeddings()) as server:
        assert embed(server.base_url, key=key) == ProviderFailure(FailureKind.UNUSABLE_KEY)
        assert server.requests == 0


def test_no_texts_are_no_request() -> None:
    with (
        FailingProvider(faults.embeddings()) as server,
        patient(server.base_url) as provider,
    ):
        embedded = provider.embed(Secret(KEY), DEFAULT_MODEL, DIMENSION, [])
        assert (embedded.vectors.shape, embedded.tokens) == ((0, DIMENSION), 0)
        assert server.requests == 0


def test_the_operator_s_environment_has_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    with FailingProvider(faults.refusal(500)) as wrong, LoopbackServer({KEY}) as right:
        for name in ("OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, wrong.base_url)
        for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
            monkeypatch.setenv(name, "the operator's")
        monkeypatch.setenv("OPENAI_LOG", "debug")
        with patient(right.base_url) as provider:
            provider.embed(Secret(KEY), DEFAULT_MODEL, DEFAULT_DIMENSION, TEXTS)
        assert (wrong.requests, right.requests) == (0, 1)


def test_only_the_headers_a_request_needs_are_sent() -> None:
    seen: set[str] = set()

    def remember(exchange: faults.Exchange) -> None:
        seen.update(name.lower() for name in exchange.handler.headers)
        faults.embeddings()(exchange)

    with FailingProvider(remember) as server, patient(server.base_url) as provider:
        provider.embed(Secret(KEY), DEFAULT_MODEL, DIMENSION, TEXTS)
    needed = {"host", "accept", "accept-encoding", "content-type", "content-length"}
    assert seen - {"x-stainless-raw-response"} == needed | {"authorization", "user-agent"}


def test_a_gateways_header_carries_the_key_as_it_is_and_no_other_header_does() -> None:
    seen: dict[str, str] = {}

    def remember(exchange: faults.Exchange) -> None:
        seen.update({name.lower(): value for name, value in exchange.handler.headers.items()})
        faults.embeddings()(exchange)

    with (
        FailingProvider(remember) as server,
        EmbeddingProvider(server.base_url, key_header="Api-Key") as provider,
    ):
        provider.embed(Secret(KEY), DEFAULT_MODEL, DIMENSION, TEXTS)
    assert seen.pop("api-key") == KEY
    assert "authorization" not in seen
    assert CANARIES.found_in(" ".join(seen.values())) == set()


@pytest.mark.parametrize("case", [*REJECTIONS, *WRONG_URLS, *WRONG_ANSWERS, *BROKEN_CONNECTIONS])
def test_a_key_in_a_gateways_header_leaks_no_more_than_in_the_usual_one(case: str) -> None:
    fault, kept = ALL[case if case in ALL else f"200, {case}"]
    with FailingProvider(fault, word=WORD) as server:
        assert embed(server.base_url, key_header="api-key") == kept


def test_a_tenants_key_is_not_sent_to_a_gateway_if_its_header_cannot_carry_it() -> None:
    with FailingProvider(faults.embeddings()) as server:
        failure = embed(server.base_url, key=f"{KEY}\r\nX: 1", key_header="api-key")
        assert failure == ProviderFailure(FailureKind.UNUSABLE_KEY)
        assert server.requests == 0


def test_many_threads_share_one_provider_each_with_its_own_key() -> None:
    keys = [canary(str(number)) for number in range(12)]
    answered: dict[str, int] = {}
    with LoopbackServer(keys[::2]) as server, patient(server.base_url) as provider:

        def ask_with(key: str) -> None:
            with contextlib.suppress(ProviderError):
                embedded = provider.embed(Secret(key), DEFAULT_MODEL, DEFAULT_DIMENSION, TEXTS)
                answered[key] = len(embedded.vectors)

        threads = [threading.Thread(target=ask_with, args=(key,)) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answered == dict.fromkeys(keys[::2], 3)


def test_a_stalled_request_does_not_hold_up_the_others() -> None:
    stalled: list[ProviderFailure] = []
    arrived, other_done = threading.Event(), threading.Event()

    def stall_for_the_key(exchange: faults.Exchange) -> None:
        if exchange.key == KEY:
            arrived.set()
            other_done.wait(PATIENT_SECONDS)
            return
        faults.embeddings()(exchange)

    with FailingProvider(stall_for_the_key) as server, patient(server.base_url) as provider:

        def stall() -> None:
            with pytest.raises(ProviderError) as raised:
                provider.embed(Secret(KEY), DEFAULT_MODEL, DIMENSION, TEXTS)
            stalled.append(raised.value.failure)

        thread = threading.Thread(target=stall)
        thread.start()
        arrived.wait(PATIENT_SECONDS)
        assert provider.embed(Secret("another"), DEFAULT_MODEL, DIMENSION, TEXTS).tokens == 7
        other_done.set()
        thread.join()
    assert len(stalled) == 1


def test_a_closed_provider_opens_again() -> None:
    with LoopbackServer({KEY}) as server:
        provider = patient(server.base_url)
        for _ in range(2):
            provider.embed(Secret(KEY), DEFAULT_MODEL, DEFAULT_DIMENSION, TEXTS)
            provider.close()
    assert server.requests == 2


def test_an_answer_without_tokens_is_accepted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def without_usage(exchange: faults.Exchange) -> None:
        vectors = [{"index": n, "embedding": [1.0] * DIMENSION} for n in range(len(exchange.texts))]
        exchange.answer(200, str({"data": vectors}).replace("'", '"').encode())

    with FailingProvider(without_usage) as server, patient(server.base_url) as provider:
        assert provider.embed(Secret(KEY), DEFAULT_MODEL, DIMENSION, TEXTS).tokens == 0
    assert "how many tokens" in caplog.text


def test_an_independent_server_of_openai_s_api_is_understood(llmock: LLMock) -> None:
    with patient(llmock.base_url()) as provider:
        embedded = provider.embed(
            Secret(KEY), DEFAULT_MODEL, DEFAULT_DIMENSION, ["one text", "another", "one text"]
        )
    first, second, third = embedded.vectors.tolist()
    assert first == third != second
    assert embedded.tokens > 0
    llmock.assert_resilient(strict=True)


def test_its_rate_limit_is_not_retried(llmock: LLMock) -> None:
    llmock.rate_limit(retry_after=3, times=None)
    assert embed(llmock.base_url()) == rejected(429, 3)
    assert len(llmock.requests) == 1
