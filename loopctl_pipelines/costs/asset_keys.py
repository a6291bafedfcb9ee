"""How Dagster names the costs assets; `assets.py` makes them."""

from typing import Final

from dagster import AssetKey

SUMMARIES: Final = AssetKey("cost_summaries")
ANOMALIES: Final = AssetKey("cost_anomalies")
