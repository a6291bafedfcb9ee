"""Merges the definitions of the knowledge base's operations."""

from dagster import Definitions

from loopctl_pipelines.knowledge.embedding.definitions import build_embedding_definitions
from loopctl_pipelines.knowledge.extraction.definitions import build_extraction_definitions
from loopctl_pipelines.knowledge.ingestion.definitions import build_ingestion_definitions
from loopctl_pipelines.knowledge.linking.definitions import build_linking_definitions


def build_knowledge_definitions() -> Definitions:
    """Return the definitions of every operation on the knowledge base."""
    return Definitions.merge(
        build_ingestion_definitions(),
        build_extraction_definitions(),
        build_embedding_definitions(),
        build_linking_definitions(),
    )
