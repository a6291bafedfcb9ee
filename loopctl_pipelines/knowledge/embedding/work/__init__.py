"""What a run does: tenants at once, a tenant's pages, a batch's requests, and the outcome.

No SQL and no Dagster.
"""
