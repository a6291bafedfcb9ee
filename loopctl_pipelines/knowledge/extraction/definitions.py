"""The definitions of extraction, and the resource that does the work."""

import warnings

from dagster import BetaWarning, Definitions, define_asset_job

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.extraction.assets import build_extracted_articles, review_records
from loopctl_pipelines.knowledge.extraction.jobs import EXTRACT_ARTICLES
from loopctl_pipelines.knowledge.extraction.sensors import build_pending_extractions_sensor
from loopctl_pipelines.knowledge.extraction.work.document_contents import DocumentContents
from loopctl_pipelines.knowledge.extraction.work.extractor import Extractor
from loopctl_pipelines.knowledge.ingestion.fetching.fetcher import Fetcher
from loopctl_pipelines.llm.anthropic.exceptions import ANTHROPIC
from loopctl_pipelines.llm.anthropic.messages_provider import MessagesProvider
from loopctl_pipelines.llm.anthropic.tenant_messages import TenantMessages
from loopctl_pipelines.llm.guarded_call import GuardedCall
from loopctl_pipelines.settings import Settings


def build_extraction_definitions(settings: Settings) -> Definitions:
    """Return the definitions of extraction. They need the resource `extractor`."""
    with warnings.catch_warnings():
        # backfill_policy is beta; without it a range of tenants would be one run per tenant
        warnings.simplefilter("ignore", BetaWarning)
        extracted_articles = build_extracted_articles()
    return Definitions(
        assets=[review_records, extracted_articles],
        jobs=[
            define_asset_job(
                EXTRACT_ARTICLES,
                selection=[extracted_articles],
                description="Extracts the pending documents and reviews of many tenants in a run.",
            )
        ],
        sensors=[build_pending_extractions_sensor(settings.runs_per_night)],
    )


def build_extractor(settings: Settings, database: Database) -> Extractor:
    """Return the extractor, with the guarded vendor and the settings it needs."""
    provider = MessagesProvider(
        settings.anthropic_base_url, deadline_seconds=settings.anthropic_deadline_seconds
    )
    guard = GuardedCall(ANTHROPIC, database, requests=settings.extraction_requests)
    fetcher = Fetcher(ports=settings.fetch_ports, deadline_seconds=settings.fetch_seconds)
    return Extractor(
        database,
        TenantMessages(provider, guard, database, settings.cloak_key),
        DocumentContents(fetcher, settings.cloak_key),
        retention_days=settings.ingestion_retention_days,
        review_slugs=settings.extract_reviews,
        requests_per_tenant=settings.extraction_requests_per_tenant,
    )
