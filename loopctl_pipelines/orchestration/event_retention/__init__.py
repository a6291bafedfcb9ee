"""How long Dagster's own storage keeps events, results of checks, runs and backfills.

No usage and no article: `costs.retention` and `knowledge.ingestion` delete those. No ticks either:
Dagster deletes them by itself, as `retention` in `dagster.yaml` says.
"""
