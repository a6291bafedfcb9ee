"""No extraction leaves a fragment of a key, of a text or of the vendor's words behind.

Every fault of a vendor goes through real runs of the asset in this process. Then everything that
outlives the runs is searched. What a model wrote as an article is stored, so it is no fault.
"""

from collections.abc import Collection, Mapping
from contextlib import ExitStack
from typing import Final, NoReturn

import pytest
from dagster import DagsterInstance, PartitionKeyRange

from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.knowledge.extraction.jobs import EXTRACT_ARTICLES
from loopctl_pipelines.knowledge.extraction.storage import queries
from loopctl_pipelines.knowledge.extraction.work import text_run
from loopctl_pipelines.knowledge.extraction.work.extractor import Extractor
from loopctl_pipelines.knowledge.tenant_work.tenant_session import TenantSession
from loopctl_pipelines.llm.anthropic.messages_provider import MessagesProvider
from loopctl_pipelines.llm.anthropic.tenant_messages import TenantMessages
from loopctl_pipelines.orchestration.in_process_runs import EndedRun, run_in_process
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines_tests.knowledge.extraction.documents import Documents, extractor
from loopctl_pipelines_tests.knowledge.extraction.leak_cases import (
    AT_HOME,
    CRASH,
    DEADLINE_SECONDS,
    SLUGS,
    add_tenant,
    fault_of_the_key,
    kept,
    may_be_kept,
    saved,
)
from loopctl_pipelines_tests.knowledge.traces import HEAD, TAIL, TEXT, WORD, Traces
from loopctl_pipelines_tests.llm.failing_provider import FailingProvider
from loopctl_pipelines_tests.llm.openai.provider_cases import BROKEN
from loopctl_pipelines_tests.llm.unreachable import unanswered_address, untrusted_certificate


def run(
    documents: Documents, instance: DagsterInstance, address: str, slugs: Collection[str]
) -> EndedRun:
    sync_tenants(instance, documents.database)
    with extractor(
        documents.database, address, review_slugs=slugs, deadline_seconds=DEADLINE_SECONDS
    ) as extract:
        definitions = build_definitions(
            Settings(), resources={"database": documents.database, "extractor": extract}
        )
        job = definitions.resolve_job_def(EXTRACT_ARTICLES)
        return run_in_process(instance, job, PartitionKeyRange(min(slugs), max(slugs)))


def test_a_vendor_that_fails_in_every_way_leaves_nothing_behind(
    documents: Documents, instance: DagsterInstance, traces: Traces
) -> None:
    for slug in SLUGS:
        add_tenant(documents, slug)
    with FailingProvider(fault_of_the_key, word=WORD) as vendor:
        run(documents, instance, vendor.address, SLUGS)
    for slug in SLUGS:
        assert kept(documents, slug) in may_be_kept(slug), slug
    assert traces.found() == AT_HOME


def test_a_vendor_that_cannot_be_reached_leaves_nothing_behind(
    documents: Documents, instance: DagsterInstance, traces: Traces
) -> None:
    certificate = untrusted_certificate(WORD)
    with ExitStack() as vendors:
        unvouched = FailingProvider(saved(), word=WORD, tls=certificate)
        for slug, address in {
            "absent": vendors.enter_context(unanswered_address()),
            "unvouched": vendors.enter_context(unvouched).address,
        }.items():
            add_tenant(documents, slug)
            run(documents, instance, address, [slug])
            assert kept(documents, slug) == {BROKEN.log_tag}
    assert traces.found() == AT_HOME


def test_a_row_that_the_database_refuses_is_quoted_nowhere(
    documents: Documents, instance: DagsterInstance, traces: Traces
) -> None:
    add_tenant(documents, "acme")
    with documents.database.operator_transaction() as connection:
        connection.execute("ALTER TABLE articles ADD CHECK (body = '') NOT VALID")
    with FailingProvider(saved(body=f"{WORD} {TEXT}"), word=WORD) as vendor:
        ended = run(documents, instance, vendor.address, ["acme"])
    assert "SQLSTATE 23514" in str(ended.failure)
    assert traces.found() == AT_HOME


PLACES: Final[Mapping[str, tuple[object, str]]] = {
    "provider": (MessagesProvider, "call"),
    "messages": (TenantMessages, "call"),
    "access": (TenantMessages, "access"),
    "documents": (queries, "read_documents"),
    "reviews": (queries, "read_reviews"),
    "answer": (text_run, "read_extraction"),
    "store": (text_run, "store"),
    "session": (TenantSession, "run"),
    "extractor": (Extractor, "extract"),
}


def test_an_exception_that_tells_all_leaves_nothing_behind_wherever_it_is_raised(
    documents: Documents, instance: DagsterInstance, traces: Traces
) -> None:
    def tell_all(*_: object, **__: object) -> NoReturn:
        raise RuntimeError(f"{HEAD} {TAIL} {WORD}") from ValueError(TEXT)

    with FailingProvider(saved(), word=WORD) as vendor:
        for slug, place in PLACES.items():
            add_tenant(documents, slug)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(*place, tell_all)
                ended = run(documents, instance, vendor.address, [slug])
            is_known = "unexpected error" in str(ended.failure)
            assert is_known or kept(documents, slug) == {CRASH.log_tag}, slug
    assert traces.found() == AT_HOME
