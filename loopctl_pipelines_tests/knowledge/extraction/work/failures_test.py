"""Whatever the vendor answers: no article is lost, and nothing is paid for without need."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from loopctl_pipelines.knowledge.extraction.work.extractor import Extractor
from loopctl_pipelines.llm.circuit import CircuitState
from loopctl_pipelines_tests.knowledge.extraction.answers import ToolInput, answering, articles
from loopctl_pipelines_tests.knowledge.extraction.documents import KEY, Documents, extractor
from loopctl_pipelines_tests.llm import failing_provider as faults
from loopctl_pipelines_tests.llm.anthropic.wrong_messages import message
from loopctl_pipelines_tests.llm.failing_provider import FailingProvider, Fault
from loopctl_pipelines_tests.usage import id_of

PAUSE = "SELECT pause FROM loopctl_pipelines.tenant_operations WHERE paused_until > now()"


def stopped_by(reason: str) -> Fault:
    return message(lambda body: body.update(stop_reason=reason))


def called_with(tool_input: object) -> Fault:
    return message(lambda body: body["content"][-1].update(input=tool_input))


@pytest.mark.parametrize(
    ("fault", "state", "pause", "error"),
    [
        # about the tenant: nothing is failed, and the sensor waits for another key or a day
        (faults.refusal(401), ("pending", None, 0), "api_error status=401", "key or extraction"),
        (faults.refusal(403), ("pending", None, 0), "api_error status=403", "key or extraction"),
        (faults.refusal(404), ("pending", None, 0), "api_error status=404", "key or extraction"),
        # an account without credit answers 400 to everything
        (faults.refusal(400), ("pending", None, 0), "api_error status=400", "key or extraction"),
        # asked to wait: no attempt of the document
        (faults.refusal(429), ("pending", None, 0), "api_error status=429", None),
        # overloaded, broken or without a shape: tried again later
        (faults.refusal(529), ("pending", "api_error status=529", 1), None, None),
        (faults.refusal(500), ("pending", "api_error status=500", 1), None, None),
        (faults.reset_at_once, ("pending", "request_failed", 1), None, None),
        (faults.truncated_json, ("pending", "malformed", 1), None, None),
        (faults.endless(200), ("pending", "malformed", 1), None, None),
        (called_with({"articles": "prose"}), ("pending", "malformed", 1), None, None),
        (called_with({}), ("pending", "malformed", 1), None, None),
        # billed, and another attempt would end in the same way
        (stopped_by("max_tokens"), ("failed", "truncated", 1), None, None),
        (stopped_by("refusal"), ("failed", "refused", 1), None, None),
    ],
    ids=[
        "401",
        "403",
        "404",
        "400",
        "429",
        "529 overloaded",
        "500",
        "a reset connection",
        "truncated JSON",
        "a body without end",
        "prose for the articles",
        "no articles",
        "max_tokens",
        "a refusal",
    ],
)
def test_a_failure_leaves_the_document_in_this_state(
    documents: Documents,
    fault: Fault,
    state: tuple[str, str | None, int],
    pause: str | None,
    error: str | None,
) -> None:
    documents.tenant("acme")
    documents.document("acme")
    with (
        FailingProvider(fault) as server,
        extractor(documents.database, server.address) as extract,
    ):
        outcome = documents.run(extract, "acme")
        assert server.requests == 1
    assert documents.states("acme") == [state]
    assert documents.rows("acme", PAUSE) == ([(pause,)] if pause else [])
    assert (error or "None") in str(outcome.error)
    assert documents.titles("acme") == []


def test_a_billed_answer_without_a_list_is_in_the_ledger_and_counts(documents: Documents) -> None:
    documents.tenant("acme")
    documents.document("acme")
    with (
        answering(lambda *_: {"prose": "Sure!"}) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        outcome = documents.run(extract, "acme")
    query = "SELECT model, input_tokens, output_tokens FROM llm_usage_events"
    [(model, tokens_in, tokens_out)] = documents.rows("acme", query)
    assert tokens_in > 0
    assert outcome.models == {model: (tokens_in, tokens_out)}


def test_a_document_fails_after_three_malformed_answers(documents: Documents) -> None:
    documents.tenant("acme")
    documents.document("acme")
    with (
        answering(lambda *_: {"prose": "Sure!"}) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        for _ in range(4):
            documents.run(extract, "acme")
            documents.make_due("acme")
        assert server.requests == 3
    assert documents.states("acme") == [("failed", "malformed", 3)]


def test_after_a_failed_chunk_only_that_chunk_is_paid_again(documents: Documents) -> None:
    documents.tenant("acme")
    text = "\n".join(f"# Part {number}\n{'word ' * 1_400}" for number in range(4))
    documents.document("acme", text)
    broken = True

    def reply(_tool: str, _system: str, message: str) -> ToolInput:
        return {} if broken and "Part 2" in message else articles(message.split("\n")[1])

    with (
        answering(reply) as (server, asked),
        extractor(documents.database, server.base_url) as extract,
    ):
        documents.run(extract, "acme")
        assert len(documents.titles("acme")) == 3
        broken = False
        documents.make_due("acme")
        before = len(asked.messages)
        documents.run(extract, "acme")
        assert [("Part 2" in text) for text in asked.messages[before:]] == [True]
    assert len(documents.titles("acme")) == 4
    assert [state for state, *_ in documents.states("acme")] == ["done"]


def test_a_rejected_key_costs_one_request_however_long_the_document(documents: Documents) -> None:
    documents.tenant("acme", key="sk-ant-revoked")
    documents.document("acme", "x" * 80_000)
    documents.document("acme", "y" * 80_000)
    with (
        answering(lambda *_: articles()) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        outcome = documents.run(extract, "acme")
        assert server.requests == 1
    assert "api_error status=401" in str(outcome.error)
    assert "sk-ant" not in str(outcome.error)


def test_a_tenant_without_a_key_waits_and_is_audited_once_a_day(
    documents: Documents, caplog: pytest.LogCaptureFixture
) -> None:
    documents.tenant("acme", key=None)
    documents.document("acme")
    with (
        answering(lambda *_: articles("One")) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        for _ in range(2):
            outcome = documents.run(extract, "acme")
            assert (outcome.error, outcome.counts.blocked) == (None, 1)
        assert server.requests == 0
        audited = "SELECT new_state FROM audit_log WHERE action = 'llm.blocked_no_api_key'"
        assert documents.rows("acme", audited) == [({"operation": "extraction"},)]
        assert "no Anthropic API key configured" in caplog.text
        assert documents.rows("acme", PAUSE) == [("no_api_key",)]
        documents.set_key("acme", KEY)
        documents.run(extract, "acme")
    assert documents.titles("acme") == ["One"]


def test_a_key_that_is_removed_between_documents_is_not_used_any_more(
    documents: Documents,
) -> None:
    documents.tenant("acme")
    for text in ("One.", "Two."):
        documents.document("acme", text)

    def reply(*_: str) -> ToolInput:
        documents.set_key("acme", None)
        return articles("One")

    with (
        answering(reply) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        documents.run(extract, "acme")
        assert server.requests == 1
    assert [state for state, *_ in documents.states("acme")] == ["done", "pending"]


def test_a_review_that_was_deleted_meanwhile_is_not_sent(documents: Documents) -> None:
    documents.tenant("acme")
    for summary in ("One.", "Two."):
        documents.review("acme", summary)

    def reply(*_: str) -> ToolInput:
        documents.execute("acme", "DELETE FROM review_records")
        return articles()

    with (
        answering(reply) as (server, _),
        extractor(documents.database, server.base_url, review_slugs=["acme"]) as extract,
    ):
        assert documents.run(extract, "acme").error is None
        assert server.requests == 1


def test_a_key_that_is_removed_between_chunks_is_not_used_any_more(documents: Documents) -> None:
    documents.tenant("acme")
    documents.document("acme", "\n".join(f"# Part {n}\n{'x' * 7_000}" for n in range(20)))

    def reply(_tool: str, _system: str, message: str) -> ToolInput:
        # the first chunk goes alone
        documents.set_key("acme", None)
        return articles(message.split("\n")[1])

    with (
        answering(reply) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        assert documents.run(extract, "acme").error is None
        assert server.requests == 1
        assert documents.states("acme") == [("pending", None, 0)]
        assert documents.rows("acme", PAUSE) == [("no_api_key",)]
        assert documents.titles("acme") == ["# Part 0"]


def test_a_review_that_is_deleted_during_the_call_keeps_what_was_paid_for(
    documents: Documents,
) -> None:
    documents.tenant("acme")
    documents.review("acme")

    def reply(*_: str) -> ToolInput:
        documents.execute("acme", "DELETE FROM review_records")
        return articles("One")

    with (
        answering(reply) as (server, _),
        extractor(documents.database, server.base_url, review_slugs=["acme"]) as extract,
    ):
        for _ in range(2):
            assert documents.run(extract, "acme").error is None
        assert server.requests == 1
    assert documents.titles("acme") == ["One"]
    assert documents.rows("acme", "SELECT count(*) FROM llm_usage_events") == [(1,)]


def fail_three_times(documents: Documents, extract: Extractor, slug: str) -> None:
    for _ in range(3):
        documents.make_due(slug)
        documents.run(extract, slug)


def test_an_outage_opens_the_circuit_of_this_tenant_at_this_vendor_only(
    documents: Documents,
) -> None:
    for slug in ("acme", "globex"):
        documents.tenant(slug)
        documents.document(slug)
    with (
        FailingProvider(faults.refusal(500)) as server,
        extractor(documents.database, server.address) as extract,
    ):
        fail_three_times(documents, extract, "acme")
        assert documents.run(extract, "acme").breaker is CircuitState.OPEN
        asked = server.requests
        documents.make_due("acme")
        assert str(documents.run(extract, "acme").stopped).count("CIRCUIT_OPEN") == 1
        assert server.requests == asked
        documents.run(extract, "globex")
        assert server.requests == asked + 1
    circuits = "SELECT vendor FROM loopctl_pipelines.circuit_breakers WHERE opened_at IS NOT NULL"
    assert documents.rows("acme", circuits) == [("anthropic",)]
    assert documents.rows("globex", circuits) == []


def test_the_same_document_in_two_runs_at_once_is_paid_for_once(documents: Documents) -> None:
    documents.tenant("acme")
    documents.document("acme", "\n".join(f"# Part {n}\n{'x' * 7_000}" for n in range(5)))
    with (
        answering(lambda *_: articles(), latency_seconds=0.1) as (server, _),
        extractor(documents.database, server.base_url) as one,
        extractor(documents.database, server.base_url) as other,
        ThreadPoolExecutor(2) as threads,
    ):
        list(threads.map(lambda extract: documents.run(extract, "acme"), (one, other)))
        assert server.requests == 5
    assert documents.rows("acme", "SELECT count(*) FROM llm_usage_events") == [(5,)]


def test_a_project_that_is_deleted_during_the_call_loses_no_paid_result(
    documents: Documents,
) -> None:
    documents.tenant("acme")
    documents.document("acme", project_id=id_of("acme", "p"))

    def reply(*_: str) -> ToolInput:
        with documents.database.operator_transaction() as connection:
            connection.execute("DELETE FROM projects")
        return articles("One")

    with (
        answering(reply) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        assert "a constraint refuses the result" in str(documents.run(extract, "acme").error)
        documents.make_due("acme")
        documents.run(extract, "acme")
        assert documents.states("acme") == [("failed", "unknown_project", 1)]
        documents.document("acme")
        documents.run(extract, "acme")
        assert server.requests == 1
    assert documents.titles("acme") == ["One"]
    assert documents.rows("acme", "SELECT count(*) FROM llm_usage_events") == [(1,)]
