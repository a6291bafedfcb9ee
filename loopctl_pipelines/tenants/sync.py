"""Adds partition keys immediately, for callers that do not wait for `tenants_sensor`."""

from dagster import DagsterInstance

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.partitions import TENANTS
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.partition_keys import NewKeys, new_keys


def sync_tenants(instance: DagsterInstance, database: Database) -> NewKeys:
    """Add the keys of active tenants that have none, and return what was added."""
    name = TENANTS.name or ""
    found = new_keys(instance.get_dynamic_partitions(name), list_tenants(database))
    if found.add:
        instance.add_dynamic_partitions(name, found.add)
    return found
