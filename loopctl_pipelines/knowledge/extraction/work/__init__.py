"""A run: many tenants at once, one tenant's sources, one source's chunks, and their outcomes.

No SQL and no Dagster.
"""
