"""The job of `pending_extractions_sensor` and of `loopctl-pipelines ingest`."""

from typing import Final

EXTRACT_ARTICLES: Final = "extract_articles"
"""The job over `extracted_articles`, built in `definitions.py`."""
