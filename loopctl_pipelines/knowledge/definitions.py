"""Merges the definitions of the knowledge base's operations."""

from dagster import Definitions

from loopctl_pipelines.knowledge.embedding.definitions import build_embedding_definitions
from loopctl_pipelines.knowledge.extraction.definitions import build_extraction_definitions


def build_knowledge_definitions() -> Definitions:
    """Return the definitions of every operation on the knowledge base."""
    return Definitions.merge(build_embedding_definitions(), build_extraction_definitions())
