"""Merges the definitions of the knowledge base's operations."""

from dagster import Definitions

from loopctl_pipelines.knowledge.embedding.definitions import build_embedding_definitions
from loopctl_pipelines.knowledge.extraction.definitions import build_extraction_definitions
from loopctl_pipelines.knowledge.ingestion.definitions import build_ingestion_definitions
from loopctl_pipelines.knowledge.linking.definitions import build_linking_definitions
from loopctl_pipelines.settings import Settings


def build_knowledge_definitions(settings: Settings) -> Definitions:
    """Return the definitions of every operation on the knowledge base."""
    return Definitions.merge(
        build_ingestion_definitions(),
        build_extraction_definitions(settings),
        build_embedding_definitions(settings),
        build_linking_definitions(),
    )
