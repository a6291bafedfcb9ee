"""The keys of the costs assets; `assets.py` defines them."""

from typing import Final

from dagster import AssetKey

SUMMARIES: Final = AssetKey("cost_summaries")
BASELINES: Final = AssetKey("cost_baselines")
ANOMALIES: Final = AssetKey("cost_anomalies")
