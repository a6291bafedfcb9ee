"""No run leaves a fragment of a key, a text or a provider's words behind.

Every fault of a provider goes through real runs in this process. Then everything that outlives the
runs is searched.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import NoReturn

import pytest
from dagster import DagsterInstance

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.knowledge.embedding.jobs import EMBED_ARTICLES
from loopctl_pipelines.knowledge.embedding.storage import queries
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.knowledge.embedding.work.guarded_provider import GuardedProvider
from loopctl_pipelines.knowledge.tenant_work.job_runs import run_for_tenants
from loopctl_pipelines.knowledge.tenant_work.tenant_session import TenantSession
from loopctl_pipelines.llm.openai.embedding_provider import EmbeddingProvider
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge, embedder
from loopctl_pipelines_tests.knowledge.embedding.leak_cases import (
    AT_HOME,
    CASES,
    add_tenant,
    fault_of_the_key,
    kept,
    may_be_kept,
)
from loopctl_pipelines_tests.knowledge.traces import HEAD, TAIL, TEXT, WORD, Traces
from loopctl_pipelines_tests.llm.failing_provider import FailingProvider, embeddings
from loopctl_pipelines_tests.llm.openai.provider_cases import BROKEN, REJECTIONS
from loopctl_pipelines_tests.llm.unreachable import unanswered_address, untrusted_certificate


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    return Knowledge(database)


def run_in_process(
    knowledge: Knowledge,
    instance: DagsterInstance,
    base_url: str,
    slugs: list[str],
    key_header: str = "Authorization",
) -> None:
    sync_tenants(instance, knowledge.database)
    with embedder(
        knowledge.database, base_url, deadline_seconds=10, key_header=key_header
    ) as embed:
        definitions = build_definitions(
            Settings(), resources={"database": knowledge.database, "embedder": embed}
        )
        job = definitions.resolve_job_def(EMBED_ARTICLES)
        list(run_for_tenants(instance, job, slugs))


@contextmanager
def wrong_in_every_way() -> Iterator[str]:
    """Give the URL of a provider that fails for each tenant as its case says."""
    with FailingProvider(fault_of_the_key, word=WORD) as provider:
        yield provider.base_url


@contextmanager
def not_there() -> Iterator[str]:
    """Give a URL that refuses connections."""
    with unanswered_address() as address:
        yield f"{address}/v1"


@contextmanager
def unvouched() -> Iterator[str]:
    """Give the URL of a provider that would embed, but whose certificate is not trusted."""
    with FailingProvider(embeddings(), word=WORD, tls=untrusted_certificate(WORD)) as provider:
        yield provider.base_url


@dataclass(frozen=True)
class Trouble:
    """A provider, and the tags that each tenant's articles must have afterwards."""

    provider: Callable[[], AbstractContextManager[str]]
    kept: Mapping[str, set[str]]


TROUBLES = {
    "fails in every way": Trouble(
        wrong_in_every_way, {slug: may_be_kept(slug)[0] for slug in CASES}
    ),
    "is not there": Trouble(not_there, {"acme": {BROKEN.log_tag}}),
    "has an untrusted certificate": Trouble(unvouched, {"acme": {BROKEN.log_tag}}),
}
whatever_the_provider_is = pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)


@whatever_the_provider_is
def test_runs_in_this_process_leave_nothing_behind_when_the_provider(
    trouble: Trouble, knowledge: Knowledge, instance: DagsterInstance, traces: Traces
) -> None:
    for slug in trouble.kept:
        add_tenant(knowledge, slug)
    with trouble.provider() as base_url:
        run_in_process(knowledge, instance, base_url, list(trouble.kept))
    assert {slug: kept(knowledge, slug) for slug in trouble.kept} == trouble.kept
    assert traces.found() == AT_HOME


def test_runs_that_send_the_key_in_a_gateways_header_leave_nothing_behind(
    knowledge: Knowledge, instance: DagsterInstance, traces: Traces
) -> None:
    slugs = [slug for slug, case in CASES.items() if case in REJECTIONS]
    for slug in slugs:
        add_tenant(knowledge, slug)
    with wrong_in_every_way() as base_url:
        run_in_process(knowledge, instance, base_url, slugs, key_header="api-key")
    assert [kept(knowledge, slug) for slug in slugs] == [may_be_kept(slug)[0] for slug in slugs]
    assert traces.found() == AT_HOME


@pytest.mark.parametrize(
    "place",
    [
        (EmbeddingProvider, "embed"),
        (GuardedProvider, "embed"),
        (queries, "read_pending"),
        (TenantSession, "run"),
        (Embedder, "embed"),
    ],
    ids=["EmbeddingProvider", "GuardedProvider", "queries", "TenantSession", "Embedder"],
)
def test_an_exception_that_tells_all_leaves_nothing_behind_wherever_it_is_raised(
    place: tuple[object, str],
    knowledge: Knowledge,
    instance: DagsterInstance,
    traces: Traces,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def tell_all(*_: object, **__: object) -> NoReturn:
        raise RuntimeError(f"{HEAD} {TAIL} {WORD}") from ValueError(TEXT)

    add_tenant(knowledge, "acme")
    monkeypatch.setattr(*place, tell_all)
    with FailingProvider(fault_of_the_key, word=WORD) as provider:
        run_in_process(knowledge, instance, provider.base_url, ["acme"])
    assert traces.found() == AT_HOME
