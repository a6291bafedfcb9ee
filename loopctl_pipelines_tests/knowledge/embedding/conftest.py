"""Fixtures that several modules of these tests use."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_MODEL
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines_tests.knowledge.embedding.knowledge import KEY, OTHER_MODEL, embedder
from loopctl_pipelines_tests.knowledge.embedding.traces import Traces


@pytest.fixture
def traces(
    database_url: str,
    dagster_url: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Traces:
    caplog.set_level(logging.DEBUG)
    return Traces(database_url, dagster_url, tmp_path, capfd, caplog)


@pytest.fixture
def loopback() -> Iterator[LoopbackServer]:
    with LoopbackServer([KEY], models=[DEFAULT_MODEL, OTHER_MODEL]) as server:
        yield server


@pytest.fixture
def embed(database: Database, loopback: LoopbackServer) -> Iterator[Embedder]:
    with embedder(database, loopback.base_url) as embed:
        yield embed
