"""The definitions of ingestion."""

from dagster import Definitions

from loopctl_pipelines.knowledge.ingestion.assets import ingestion_requests


def build_ingestion_definitions() -> Definitions:
    """Return the definitions of ingestion."""
    return Definitions(assets=[ingestion_requests])
