"""An API whose gate for proposals has a provider, and the fields of a proposal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.api.serving import Api, serving
from loopctl_pipelines_tests.knowledge.embedding.knowledge import CLOAK_KEY, Knowledge
from loopctl_pipelines_tests.llm.failing_provider import FailingProvider
from loopctl_pipelines_tests.usage import Usage

ARTICLES = "/api/v1/articles"


def proposal(**fields: object) -> dict[str, Any]:
    return {"title": "A", "body": "similarity 1", "category": "finding", **fields}


@contextmanager
def gated(
    database: Database, provider: FailingProvider, deadline_seconds: int = 4
) -> Iterator[Api]:
    usage = Usage()
    for slug in ("acme", "other"):
        usage.agent(slug)
    usage.write(database)
    for slug in ("acme", "other"):
        Knowledge(database).set_key(slug, "sk-of-the-tests")
    settings = Settings(
        embedding_base_url=provider.base_url,
        embedding_deadline_seconds=deadline_seconds,
        cloak_key=CLOAK_KEY,
    )
    with serving(database, settings) as api:
        yield api
