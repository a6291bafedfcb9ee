"""The names of the costs jobs; `definitions.py` makes them."""

from typing import Final

DAILY_COSTS: Final = "daily_costs"
"""The job over `cost_summaries` and `cost_anomalies`: the nightly run, and backfills."""

WEEKLY_RETENTION: Final = "weekly_retention"
"""The weekly job that deletes and archives old usage."""

WEEKLY_RECONCILIATION: Final = "weekly_reconciliation"
"""The weekly job that repairs days that changed without anything being marked."""

PARTITIONS_PER_RUN: Final = 500
"""What is computed of the past is cut into runs of so many, so that an interrupt costs little."""
