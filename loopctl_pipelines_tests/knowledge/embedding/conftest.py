"""Fixtures that several modules of these tests use."""

from collections.abc import Iterator

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_MODEL
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines_tests.knowledge.embedding.knowledge import KEY, OTHER_MODEL, embedder


@pytest.fixture
def loopback() -> Iterator[LoopbackServer]:
    with LoopbackServer([KEY], models=[DEFAULT_MODEL, OTHER_MODEL]) as server:
        yield server


@pytest.fixture
def embed(database: Database, loopback: LoopbackServer) -> Iterator[Embedder]:
    with embedder(database, loopback.base_url) as embed:
        yield embed
