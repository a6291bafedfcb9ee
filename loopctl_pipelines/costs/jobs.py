"""The job of the nightly run and of backfills."""

from typing import Final

DAILY_COSTS: Final = "daily_costs"
"""The job over `cost_summaries` and `cost_anomalies`; `definitions.py` makes it."""
