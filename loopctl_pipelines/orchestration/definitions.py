"""What every deployment needs, whatever it computes: the sensor that ends dead runs."""

from dagster import Definitions

from loopctl_pipelines.orchestration.heartbeats.sensors import build_dead_runs_sensor


def build_orchestration_definitions() -> Definitions:
    """Return the sensor that ends dead runs."""
    return Definitions(sensors=[build_dead_runs_sensor()])
