"""Fixtures that several modules of these tests use."""

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.knowledge.linking.corpus import Corpus


@pytest.fixture
def corpus(database: Database) -> Corpus:
    """Give a database with the tenants `acme` and `blue`."""
    corpus = Corpus(database)
    for slug in ("acme", "blue"):
        corpus.tenant(slug)
    return corpus
