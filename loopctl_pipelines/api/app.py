"""Builds the API: routes, shared service, error handlers, request log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI

from loopctl_pipelines.api import documentation
from loopctl_pipelines.api.access.key_uses import KeyUses
from loopctl_pipelines.api.access.rate_limits import RateLimits
from loopctl_pipelines.api.database_threads import DatabaseThreads
from loopctl_pipelines.api.decisive_headers import given_once
from loopctl_pipelines.api.errors import add_error_handlers
from loopctl_pipelines.api.ranked_search import RankedSearch
from loopctl_pipelines.api.request_log import RequestLog
from loopctl_pipelines.api.request_metrics import RequestMetrics
from loopctl_pipelines.api.routes import (
    article_changes,
    article_proposals,
    articles,
    cost_anomalies,
    cost_summaries,
    health,
    ingestion,
    ingestion_jobs,
    knowledge_search,
    llm_config,
    llm_usage,
    metrics,
    pipeline,
)
from loopctl_pipelines.api.scraped_metrics import ScrapedMetrics
from loopctl_pipelines.api.service import Service
from loopctl_pipelines.api.space_counts import CountedSpaces
from loopctl_pipelines.api.text_embeddings import build_text_embeddings
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.settings import Settings

STATEMENT_SECONDS = 10.0
"""PostgreSQL cancels a statement of the API after this time."""

PATIENCE = 2.0
"""Seconds a request waits for a connection before the API answers 503."""

_SILENCE_SECONDS = PATIENCE + STATEMENT_SECONDS + 3

# each adds its routes; the order is that of the documentation
_RESOURCES = (
    cost_anomalies,
    cost_summaries,
    knowledge_search,
    articles,
    article_proposals,
    article_changes,
    ingestion,
    ingestion_jobs,
    llm_config,
    llm_usage,
    pipeline,
    health,
    documentation,
)

_DESCRIPTION = """
The costs that loopctl_pipelines computes from a tenant's token usage: daily cost summaries, and the
stories whose cost is an anomaly. The tenant's knowledge base: documents that articles are extracted
from, the state of its pipeline, its keys and models, and what they were billed for.

A request sees the data of one tenant: the tenant of its key. Other tenants' rows answer 404. Costs
are in millicents, 1/1000 cent; days are UTC.
"""


def build_app(database: Database, settings: Settings) -> FastAPI:
    """Return the API as an ASGI application.

    Args:
        database: loopctl's database. The caller closes it after the app has ended.
        settings: the project's.
    """
    threads = DatabaseThreads(database, patience=PATIENCE, work_seconds=_SILENCE_SECONDS)
    embeddings = build_text_embeddings(settings, database, threads)
    ranked_search = RankedSearch(threads, embeddings, CountedSpaces(threads))
    service = Service(threads, KeyUses(threads), RateLimits(), settings, embeddings, ranked_search)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await embeddings.prepare()
        yield
        await service.close()

    app = FastAPI(
        title="loopctl_pipelines",
        description=_DESCRIPTION,
        version="1",
        lifespan=lifespan,
        # FastAPI's pages load scripts from another host; `documentation` has its own
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(given_once)],
        # a redirect would repeat the client's Host header
        redirect_slashes=False,
    )
    app.state.service = service
    requests = RequestMetrics()
    for resource in _RESOURCES:
        app.include_router(resource.router)
    if settings.metrics_token is not None:
        app.state.metrics = ScrapedMetrics(threads, settings, requests)
        app.include_router(metrics.router)
    add_error_handlers(app)
    app.add_middleware(RequestLog, metrics=requests)
    return app
