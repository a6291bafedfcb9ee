"""Runs that the daemon launches leave no fragment of a key, a text or a vendor's words behind.

Every fault of an embedding server and of a Messages server goes through `loopctl-pipelines dev`
with its sensors, daemon and run launcher. Then everything that outlives the runs is searched, and
what `status` prints.
"""

import base64
import socket
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final

import pytest
from dagster import DagsterInstance, DagsterRun, RunsFilter

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.jobs import EMBED_ARTICLES
from loopctl_pipelines.knowledge.extraction.jobs import EXTRACT_ARTICLES
from loopctl_pipelines_tests.knowledge.embedding import leak_cases as embedding
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge
from loopctl_pipelines_tests.knowledge.extraction import leak_cases as extraction
from loopctl_pipelines_tests.knowledge.extraction.documents import CLOAK_KEY, Documents
from loopctl_pipelines_tests.knowledge.traces import WORD, Traces
from loopctl_pipelines_tests.llm.failing_provider import Exchange, FailingProvider, embeddings
from loopctl_pipelines_tests.llm.openai.provider_cases import BROKEN, DEADLINE
from loopctl_pipelines_tests.llm.unreachable import unanswered_address, untrusted_certificate
from loopctl_pipelines_tests.shell import Shell

SENSORS: Final = {
    EMBED_ARTICLES: "pending_embeddings_sensor",
    EXTRACT_ARTICLES: "pending_extractions_sensor",
}
_END_SECONDS = 300


def fault_of_the_key(exchange: Exchange) -> None:
    """Fail as the case of the tenant whose key this is."""
    is_embedding = any(slug in exchange.key for slug in embedding.CASES)
    (embedding if is_embedding else extraction).fault_of_the_key(exchange)


@contextmanager
def wrong_in_every_way() -> Iterator[str]:
    """Give the address of a vendor that fails for each tenant as its case says."""
    with FailingProvider(fault_of_the_key, word=WORD) as vendor:
        yield vendor.address


@contextmanager
def unvouched() -> Iterator[str]:
    """Give the address of a vendor whose certificate is not trusted."""
    with FailingProvider(embeddings(), word=WORD, tls=untrusted_certificate(WORD)) as vendor:
        yield vendor.address


@dataclass(frozen=True)
class Trouble:
    """A vendor, and its tenants: those with articles, and those with documents and reviews."""

    vendor: Callable[[], AbstractContextManager[str]]
    readers: Collection[str] = ("acme",)
    writers: Collection[str] = ("globex",)


TROUBLES = {
    "fails in every way": Trouble(wrong_in_every_way, embedding.CASES, extraction.SLUGS),
    "is not there": Trouble(unanswered_address),
    "has an untrusted certificate": Trouble(unvouched),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_runs_that_the_daemon_launches_leave_nothing_behind_when_the_vendor(
    trouble: Trouble, database: Database, instance: DagsterInstance, traces: Traces
) -> None:
    knowledge, documents = Knowledge(database), Documents(database)
    for slug in trouble.readers:
        embedding.add_tenant(knowledge, slug)
    for slug in trouble.writers:
        extraction.add_tenant(documents, slug)
    with trouble.vendor() as address:
        shell = _shell(traces, address, trouble.writers)
        with _dagster_dev(traces, shell):
            runs = [_first_ended_run(instance, job) for job in SENSORS]
        code, out, err = shell.run("status")
        assert code == 0
        (traces.home / "status").write_text(out + err)
    assert [run.tags["dagster/sensor_name"] for run in runs] == list(SENSORS.values())
    unreachable = ({BROKEN.log_tag}, {DEADLINE.log_tag})
    for slug in trouble.readers:
        expected = embedding.may_be_kept(slug) if slug in embedding.CASES else unreachable
        assert embedding.kept(knowledge, slug) in expected, slug
    for slug in trouble.writers:
        expected = extraction.may_be_kept(slug) if slug in extraction.SLUGS else unreachable
        assert extraction.kept(documents, slug) in expected, slug
    assert traces.found() == embedding.AT_HOME | extraction.AT_HOME
    # and it was these runs whose output was captured below the home
    for run in runs:
        assert list(traces.home.rglob(f"{run.run_id}/**/*.err"))


def _shell(traces: Traces, address: str, writers: Collection[str]) -> Shell:
    return Shell(
        traces.home,
        LOOPCTL_DATABASE_URL=traces.database_url,
        LOOPCTL_DAGSTER_URL=traces.dagster_url,
        LOOPCTL_CLOAK_KEY=base64.b64encode(CLOAK_KEY).decode(),
        LOOPCTL_EMBEDDING_BASE_URL=f"{address}/v1",
        LOOPCTL_ANTHROPIC_BASE_URL=address,
        LOOPCTL_ANTHROPIC_DEADLINE_SECONDS="4",
        LOOPCTL_EXTRACT_REVIEWS=",".join(writers),
    )


@contextmanager
def _dagster_dev(traces: Traces, shell: Shell) -> Iterator[None]:
    """Run `loopctl-pipelines dev` during the block; its output goes into a file of the home."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with (traces.home / "output").open("w") as output:
        process = shell.start_program("dev", "--port", port, output=output)
        try:
            yield
        finally:
            process.terminate()
            process.wait(_END_SECONDS)


def _first_ended_run(instance: DagsterInstance, job: str) -> DagsterRun:
    deadline = time.monotonic() + _END_SECONDS
    while time.monotonic() < deadline:
        for run in instance.get_runs(RunsFilter(job_name=job)):
            if run.is_finished:
                return run
        time.sleep(1)
    raise AssertionError(f"the run of {job} did not end")
