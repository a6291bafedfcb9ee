"""Which partitions Dagster shows as stale, before and after new code."""

import warnings
from collections.abc import Collection

from dagster import AssetKey, DagsterInstance, Definitions, PreviewWarning

from loopctl_pipelines_tests.dagster_internals import partitions_by_staleness


def with_new_code(definitions: Definitions, asset: AssetKey) -> Definitions:
    """Return the definitions with the asset's code version raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PreviewWarning)
        return definitions.map_asset_specs(
            func=lambda spec: (
                spec.replace_attributes(code_version="2") if spec.key == asset else spec
            )
        )


def assert_stale_after_new_code(
    instance: DagsterInstance,
    definitions: Definitions,
    asset: AssetKey,
    recorded: Collection[str],
    missing: Collection[str],
) -> None:
    """Assert that exactly the recorded partitions are fresh, and stale after new code."""
    for status, version in (
        ("FRESH", definitions),
        ("STALE", with_new_code(definitions, asset)),
    ):
        found = partitions_by_staleness(instance, version, asset, {*recorded, *missing})
        assert found.pop(status) == set(recorded)
        assert found == ({"MISSING": set(missing)} if missing else {})
