"""Fetching a document from an address that a tenant gave: what may be reached, and how.

Nothing here knows the database.
"""
