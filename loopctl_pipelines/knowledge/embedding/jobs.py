"""The job of `pending_embeddings_sensor` and of `loopctl-pipelines embed`."""

from typing import Final

EMBED_ARTICLES: Final = "embed_articles"
"""The job over `article_embeddings`; `definitions.py` makes it."""

PENDING_ONLY_TAG: Final = "loopctl/pending_only"
"""On a run: of its tenants, only those are worked on that have something pending, are due, and no
other run works on."""
