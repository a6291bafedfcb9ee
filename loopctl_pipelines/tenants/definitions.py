"""The definitions of tenants: the sensor that adds a partition key for each active tenant."""

from dagster import Definitions

from loopctl_pipelines.partitions import TENANTS
from loopctl_pipelines.tenants.sensors import build_tenants_sensor


def build_tenants_definitions() -> Definitions:
    """Return the definitions of tenants; they need the resource `database`."""
    return Definitions(sensors=[build_tenants_sensor(TENANTS)])
