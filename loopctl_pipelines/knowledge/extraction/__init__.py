"""Extraction: documents and reviews become articles, with the tenant's own Anthropic key.

Fetching documents belongs to ingestion, vectors of the articles to embedding.
"""
