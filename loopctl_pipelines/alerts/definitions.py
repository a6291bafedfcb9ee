"""The definitions of alerts."""

from dagster import Definitions

from loopctl_pipelines.alerts.sensors import build_alerts_sensor
from loopctl_pipelines.alerts.targets import check_targets
from loopctl_pipelines.settings import Settings


def build_alerts_definitions(settings: Settings) -> Definitions:
    """Return the sensor that sends alerts; it needs the resource `database`.

    Raises:
        SettingsError: if Apprise does not understand one of LOOPCTL_ALERT_URLS.
    """
    targets = check_targets(settings.alert_urls, settings.ui_url)
    return Definitions(sensors=[build_alerts_sensor(targets)])
