"""The sensor that adds partition keys for new tenants."""

from dagster import (
    DefaultSensorStatus,
    DynamicPartitionsDefinition,
    ResourceParam,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    sensor,
)

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.partition_keys import new_keys


def build_tenants_sensor(keys: DynamicPartitionsDefinition) -> SensorDefinition:
    """Return `tenants_sensor`, which adds a key for each active tenant."""

    @sensor(
        name="tenants_sensor",
        minimum_interval_seconds=60,
        default_status=DefaultSensorStatus.RUNNING,
        description="Gives every active tenant of loopctl its partitions, without a deploy.",
    )
    def tenants_sensor(
        context: SensorEvaluationContext, database: ResourceParam[Database]
    ) -> SensorResult:
        existing = context.instance.get_dynamic_partitions(keys.name or "")
        found = new_keys(existing, list_tenants(database))
        for slug in found.unusable:
            context.log.error("Tenant %r gets no partitions: its slug cannot be a key.", slug)
        if not found.add:
            return SensorResult(skip_reason=f"All {len(existing)} tenants have their key.")
        return SensorResult(dynamic_partitions_requests=[keys.build_add_request(found.add)])

    return tenants_sensor
