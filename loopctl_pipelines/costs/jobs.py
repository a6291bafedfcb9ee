"""The names of the costs jobs; `definitions.py` makes them."""

from typing import Final

DAILY_COSTS: Final = "daily_costs"
"""The job over `cost_summaries` and `cost_anomalies`: the nightly run, and backfills."""

WEEKLY_RETENTION: Final = "weekly_retention"
"""The weekly job that deletes and archives old usage."""

WEEKLY_RECONCILIATION: Final = "weekly_reconciliation"
"""The weekly job that repairs days that changed without being marked as stale."""

PARTITIONS_PER_RUN: Final = 500
"""The most partitions that one run of a backfill covers, so that an interrupt costs little."""
