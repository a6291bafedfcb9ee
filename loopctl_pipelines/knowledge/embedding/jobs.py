"""The job of `pending_embeddings_sensor` and of `loopctl-pipelines embed`."""

from typing import Final

EMBED_ARTICLES: Final = "embed_articles"
"""The job over `article_embeddings`, built in `definitions.py`."""
