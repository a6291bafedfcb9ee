"""The sensor that adds partition keys for new tenants."""

from collections.abc import Mapping, Sequence

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
from loopctl_pipelines.tenants.partition_keys import keys_without_tenant, new_keys
from loopctl_pipelines.tenants.tenant import Tenant


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
        tenants = list_tenants(database)
        found = new_keys(existing, tenants)
        for slug in found.unusable:
            context.log.error("Tenant %r gets no partitions: its slug cannot be a key.", slug)
        if not found.add:
            return SensorResult(skip_reason=_nothing_to_add(existing, tenants))
        return SensorResult(dynamic_partitions_requests=[keys.build_add_request(found.add)])

    return tenants_sensor


def _nothing_to_add(existing: Sequence[str], tenants: Mapping[str, Tenant]) -> str:
    past = keys_without_tenant(existing, tenants)
    said = f"All {len(existing) - len(past)} tenants have their key."
    if not past:
        return said
    return f"{said} No tenant has {past}: see `loopctl-pipelines tenants list`."
