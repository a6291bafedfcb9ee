"""A run: many tenants at once, one tenant's articles, one batch's requests, and their outcomes.

No SQL and no Dagster.
"""
