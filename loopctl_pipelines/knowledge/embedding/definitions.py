"""The definitions of embedding, and the resource that does the work."""

import warnings

from dagster import BetaWarning, Definitions, define_asset_job

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.assets import articles, build_article_embeddings
from loopctl_pipelines.knowledge.embedding.jobs import EMBED_ARTICLES
from loopctl_pipelines.knowledge.embedding.sensors import build_pending_embeddings_sensor
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.knowledge.embedding.work.guarded_provider import build_provider
from loopctl_pipelines.llm.openai.limits import ProviderLimits
from loopctl_pipelines.settings import Settings


def build_embedding_definitions(settings: Settings) -> Definitions:
    """Return the definitions of embedding. They need the resources `database` and `embedder`."""
    with warnings.catch_warnings():
        # backfill_policy is beta; without it a range of tenants would be one run per tenant
        warnings.simplefilter("ignore", BetaWarning)
        article_embeddings = build_article_embeddings()
    return Definitions(
        assets=[articles, article_embeddings],
        jobs=[
            define_asset_job(
                EMBED_ARTICLES,
                selection=[article_embeddings],
                description="Embeds the pending articles of many tenants in one run.",
            )
        ],
        sensors=[build_pending_embeddings_sensor(settings.runs_per_night)],
    )


def build_embedder(settings: Settings, database: Database) -> Embedder:
    """Return the embedder, with the guarded provider and the settings it needs."""
    provider = build_provider(settings, database, requests=settings.embedding_requests)
    return Embedder(
        database,
        provider,
        settings.cloak_key,
        requests_per_tenant=settings.embedding_requests_per_tenant,
        limits=ProviderLimits(
            inputs=settings.embedding_request_texts,
            request_tokens=settings.embedding_request_tokens,
            input_tokens=settings.embedding_text_tokens,
        ),
    )
