"""No request leaves or shows a fragment of a key, or a word of a provider that fails.

Every fault of an embedding server meets a search and a proposal of a tenant of its own. Then all
answers, and everything that outlives them, is searched.
"""

import logging
from pathlib import Path

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.api.rows import add_key
from loopctl_pipelines_tests.api.serving import Api, serving
from loopctl_pipelines_tests.knowledge.embedding.knowledge import CLOAK_KEY, Knowledge
from loopctl_pipelines_tests.knowledge.embedding.leak_cases import (
    AT_HOME,
    CASES,
    add_tenant,
    fault_of_the_key,
)
from loopctl_pipelines_tests.knowledge.traces import CANARIES, TAIL, TEXT, WORD, Traces
from loopctl_pipelines_tests.llm.failing_provider import FailingProvider

HINT = f"...{TAIL[-4:]}"
"""Of a key; `llm-config` shows it to the tenant's users."""

ROUTES = (
    "/api/v1/knowledge/pipeline",
    "/api/v1/knowledge/llm-usage",
    "/api/v1/knowledge/ingestion-jobs",
    "/api/v1/tenants/me/llm-config",
    "/api/v1/articles",
)


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


def _answers(api: Api, slug: str) -> list[tuple[int, str]]:
    """Search, propose an article, and read the routes that report on either."""
    key = add_key(api.database, slug)
    article = {"title": "A proposal", "body": "A body.", "category": "finding"}
    responses = [
        api.get("/api/v1/knowledge/search", key, {"q": f"title {TEXT}", "mode": "semantic"}),
        api.get("/api/v1/knowledge/search", key, {"q": "proposal", "include_body": "false"}),
        api.post("/api/v1/articles", key, article),
        *(api.get(path, key) for path in ROUTES),
    ]
    return [(response.status_code, response.text) for response in responses]


def test_a_provider_that_fails_in_every_way_leaves_nothing_behind_and_shows_nothing(
    database: Database, traces: Traces
) -> None:
    knowledge = Knowledge(database)
    for slug in CASES:
        add_tenant(knowledge, slug)
    with FailingProvider(fault_of_the_key, word=WORD) as provider:
        settings = Settings(
            embedding_base_url=provider.base_url,
            embedding_deadline_seconds=1,
            cloak_key=CLOAK_KEY,
        )
        with serving(database, settings) as api:
            answers = {slug: _answers(api, slug) for slug in CASES}
    for slug, told in answers.items():
        statuses = [status for status, _ in told]
        assert statuses == [200, 200, 201, *(200 for _ in ROUTES)], slug
        shown = [text.replace(HINT, "") for _, text in told]
        # a snippet shows a tenant's own text to the tenant
        assert set().union(*map(CANARIES.found_in, shown)) <= {"text"}, slug
    assert traces.found() == AT_HOME
