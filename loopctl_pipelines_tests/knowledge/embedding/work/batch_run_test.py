"""Batches of one tenant fail in several threads at once, and every failure is counted."""

import time
from collections import Counter
from itertools import count

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.work.guarded_provider import GuardedProvider
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge, embedder

ARTICLES = 48
THREADS = 8


class SlowTag(ProviderFailure):
    """A failure that lets other threads run whenever its tag is read."""

    @property
    def log_tag(self) -> str:
        time.sleep(0.005)
        return "api_error status=503"


def test_every_failure_is_counted_while_batches_fail_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    knowledge = Knowledge(database)
    knowledge.tenant("acme")
    # so many bytes that a request holds two of them
    for n in range(ARTICLES):
        knowledge.article("acme", f"Long {n}", "\N{GRINNING FACE}" * 32_000)
    requests = count()

    def fail(*_: object, **__: object) -> ProviderFailure:
        next(requests)
        return SlowTag(FailureKind.API_ERROR, 503)

    monkeypatch.setattr(GuardedProvider, "embed", fail)
    with embedder(database, "http://127.0.0.1:9/v1", requests_per_tenant=THREADS) as embed:
        outcome = knowledge.run(embed, "acme")
    assert outcome.counts.waiting == ARTICLES
    assert outcome.failures == Counter({"api_error status=503": next(requests)})
    assert outcome.failures.total() == ARTICLES // 2
