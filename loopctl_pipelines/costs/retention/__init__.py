"""How long token usage is kept: archiving, deleting, auditing that.

No Dagster; the asset is `costs.retention_assets`.
"""
