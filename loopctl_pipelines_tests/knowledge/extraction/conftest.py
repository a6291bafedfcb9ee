"""Fixtures that several modules of these tests use."""

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.knowledge.extraction.documents import Documents


@pytest.fixture
def documents(database: Database) -> Documents:
    return Documents(database)
