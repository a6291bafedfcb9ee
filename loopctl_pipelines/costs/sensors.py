"""What makes the anomalies follow the summaries."""

from dagster import AssetKey, AssetSelection, AutomationConditionSensorDefinition
from dagster import DefaultSensorStatus as Status

cost_anomalies_sensor = AutomationConditionSensorDefinition(
    "cost_anomalies_sensor",
    target=AssetSelection.assets(AssetKey("cost_anomalies")),
    default_status=Status.RUNNING,
    description="Materializes the anomalies of exactly those summaries that landed.",
)
