"""The definitions of alerts."""

from dagster import Definitions

from loopctl_pipelines.alerts.sensors import build_alerts_sensor
from loopctl_pipelines.alerts.targets import Targets
from loopctl_pipelines.settings import Settings


def build_alerts_definitions(settings: Settings) -> Definitions:
    """Return the sensor that sends alerts; it needs the resource `database`."""
    return Definitions(sensors=[build_alerts_sensor(Targets(settings.alert_urls, settings.ui_url))])
