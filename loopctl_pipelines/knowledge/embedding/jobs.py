"""The job of `pending_embeddings_sensor` and of `loopctl-pipelines embed`."""

from typing import Final

EMBED_ARTICLES: Final = "embed_articles"
"""The job over `article_embeddings`, built in `definitions.py`."""

PENDING_ONLY_TAG: Final = "loopctl/pending_only"
"""Tag of a run that skips tenants if nothing is pending, they are paused, or another run works on
them."""
