"""Texts: chunks of a document, what is asked about them, and the articles of an answer.

No Dagster, no network, no database.
"""
