"""Active tenants become partition keys without a deploy; other tenants never do."""

from uuid import uuid4

from dagster import DagsterInstance, SensorResult, SkipReason, build_sensor_context

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.partitions import TENANTS
from loopctl_pipelines.tenants.partition_keys import keys_to_prune, new_keys
from loopctl_pipelines.tenants.sensors import build_tenants_sensor
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines_tests.usage import Usage


def _tenants(**statuses: str) -> dict[str, Tenant]:
    return {slug: Tenant(uuid4(), slug, slug, status) for slug, status in statuses.items()}


def _evaluate(instance: DagsterInstance, database: Database) -> SensorResult:
    context = build_sensor_context(instance, resources={"database": database})
    result = build_tenants_sensor(TENANTS)(context)
    assert isinstance(result, SensorResult)
    return result


def _said(result: SensorResult) -> str:
    skipped = result.skip_reason
    return (skipped.skip_message if isinstance(skipped, SkipReason) else skipped) or ""


def _write(database: Database, **statuses: str) -> None:
    usage = Usage()
    for slug, status in statuses.items():
        usage.tenant(slug, status)
    usage.write(database)


def test_only_active_tenants_get_a_key() -> None:
    tenants = _tenants(a="active", s="suspended", d="deactivated", p="pending_enrollment")
    assert new_keys([], tenants).add == ["a"]


def test_a_key_that_exists_is_not_added_again_and_none_is_taken_away() -> None:
    assert new_keys(["a", "gone"], _tenants(a="active", s="suspended")).add == []


def test_a_slug_that_cannot_be_a_key_is_logged_and_the_others_get_theirs() -> None:
    tenants = {
        slug: Tenant(uuid4(), slug, slug, "active") for slug in ("a|b", "x...y", "tab\there", "ok")
    }
    found = new_keys([], tenants)
    assert (found.add, found.unusable) == (["ok"], ["a|b", "x...y", "tab\there"])


def test_an_evaluation_of_the_sensor_adds_the_keys_that_are_missing(
    database: Database, instance: DagsterInstance
) -> None:
    _write(database, acme="active", blue="suspended")
    (request,) = _evaluate(instance, database).dynamic_partitions_requests or []
    assert request.partition_keys == ["acme"]


def test_an_evaluation_with_nothing_to_add_is_skipped(
    database: Database, instance: DagsterInstance
) -> None:
    _write(database, acme="active")
    sync_tenants(instance, database)
    result = _evaluate(instance, database)
    assert not result.dynamic_partitions_requests
    assert _said(result) == "All 1 tenants have their key."


def test_an_evaluation_names_the_keys_that_no_tenant_has_any_more(
    database: Database, instance: DagsterInstance
) -> None:
    _write(database, acme="active", blue="suspended")
    instance.add_dynamic_partitions("tenants", ["acme", "blue", "gone"])
    said = _said(_evaluate(instance, database))
    assert said.startswith("All 2 tenants have their key. No tenant has ['gone']: see")


def test_keys_are_pruned_if_no_tenant_has_them_or_it_is_inactive_and_nothing_was_computed() -> None:
    tenants = _tenants(a="active", s="suspended", d="deactivated")
    assert keys_to_prune(["s", "a", "d", "gone"], tenants, {"d", "gone"}) == ["gone", "s"]


def test_sync_adds_the_keys_at_once_and_may_be_repeated(
    database: Database, instance: DagsterInstance
) -> None:
    _write(database, acme="active", blue="active")
    assert sync_tenants(instance, database).add == ["acme", "blue"]
    assert sync_tenants(instance, database).add == []
    assert instance.get_dynamic_partitions("tenants") == ["acme", "blue"]
