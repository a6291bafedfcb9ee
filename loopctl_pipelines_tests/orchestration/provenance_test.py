"""A partition that this project records has the tags that Dagster gives to a step's own result."""

from datetime import date, timedelta

import pytest
from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetObservation,
    AssetSpec,
    BackfillPolicy,
    DagsterInstance,
    Definitions,
    DynamicPartitionsDefinition,
    MaterializeResult,
    MultiPartitionsDefinition,
    PartitionKeyRange,
    asset,
    define_asset_job,
)

from loopctl_pipelines.orchestration.in_process_runs import run_in_process
from loopctl_pipelines.orchestration.materializations import (
    Metadata,
    end_step,
    record_materializations,
)
from loopctl_pipelines.orchestration.provenance import provenance_tags
from loopctl_pipelines.orchestration.run_scope import partitions_of_run
from loopctl_pipelines.partitions import TENANTS, date_by_tenant, partition_key, partition_range

FIRST = date(2026, 4, 1)
EXTERNAL = AssetSpec("external")
THEIRS, OURS = AssetKey("theirs"), AssetKey("ours")
# Dagster hashes the versions of fewer than 100 input partitions
FEW, MANY = (FIRST, FIRST + timedelta(days=1)), (FIRST, FIRST + timedelta(days=59))
TENANT_KEYS = ("a", "b")


pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning")


@pytest.fixture(autouse=True)
def _tenants(instance: DagsterInstance) -> None:
    instance.add_dynamic_partitions(TENANTS.name or "", list(TENANT_KEYS))


def _definitions(
    partitions: MultiPartitionsDefinition | DynamicPartitionsDefinition,
    code_version: str | None = "3",
    source_version: str = "1",
) -> Definitions:
    """Return `source`, and two assets made from it: Dagster records `theirs`, we record `ours`."""
    in_one_run = BackfillPolicy.single_run()

    @asset(
        partitions_def=partitions,
        backfill_policy=in_one_run,
        deps=[EXTERNAL],
        code_version=source_version,
    )
    def source() -> None: ...

    @asset(
        partitions_def=partitions,
        backfill_policy=in_one_run,
        deps=[source, EXTERNAL],
        code_version=code_version,
    )
    def theirs() -> None: ...

    @asset(
        partitions_def=partitions,
        backfill_policy=in_one_run,
        deps=[source, EXTERNAL],
        code_version=code_version,
    )
    def ours(context: AssetExecutionContext) -> MaterializeResult[None]:
        keys = partitions_of_run(context)
        tags = provenance_tags(context.instance, context.assets_def, keys, context.run.run_id)
        landed: dict[str, Metadata] = {key: {} for key in context.partition_keys}
        record_materializations(context, context.asset_key, landed, tags)
        return end_step(context, landed, [])

    both = define_asset_job("both", selection=[theirs, ours])
    only_source = define_asset_job("only_source", selection=[source])
    return Definitions(assets=[EXTERNAL, source, theirs, ours], jobs=[both, only_source])


def _tags(
    instance: DagsterInstance, definitions: Definitions, partitions: PartitionKeyRange
) -> list[dict[str, dict[str, str]]]:
    """Run both assets; return the tags of their partitions, theirs first."""
    job = definitions.resolve_job_def("both")
    ended = run_in_process(instance, job, partitions)
    assert ended.failure is None
    found = []
    for key in (THEIRS, OURS):
        records = instance.fetch_materializations(key, limit=1000).records
        events = [record.asset_materialization for record in records]
        found.append({str(e.partition): dict(e.tags or {}) for e in events if e})
    return found


def _run_source(
    instance: DagsterInstance, definitions: Definitions, partitions: PartitionKeyRange
) -> None:
    ended = run_in_process(instance, definitions.resolve_job_def("only_source"), partitions)
    assert ended.failure is None


@pytest.mark.parametrize("days", [FEW, MANY], ids=["few partitions", "many"])
@pytest.mark.parametrize("inputs", ["none", "all", "of two versions"])
def test_the_tags_of_days_and_tenants_are_the_same(
    instance: DagsterInstance, days: tuple[date, date], inputs: str
) -> None:
    partitions = date_by_tenant(FIRST)
    whole = partition_range(days, ("a", "b"))
    definitions = _definitions(partitions)
    if inputs != "none":
        _run_source(instance, definitions, whole)
    if inputs == "of two versions":
        newer = _definitions(partitions, source_version="2")
        _run_source(instance, newer, partition_range((FIRST, FIRST), ("b", "b")))
    theirs, ours = _tags(instance, definitions, whole)
    assert len(theirs) == 2 * ((days[1] - days[0]).days + 1)
    assert ours == theirs
    of_b = ours[partition_key(FIRST, "b")]
    assert of_b["dagster/code_version"] == "3"
    assert (of_b["dagster/partition/date"], of_b["dagster/partition/tenant"]) == (str(FIRST), "b")
    assert (of_b["dagster/input_event_pointer/source"] == "NULL") == (inputs == "none")


@pytest.mark.parametrize("code_version", ["3", None])
def test_the_tags_of_tenants_are_the_same(
    instance: DagsterInstance, code_version: str | None
) -> None:
    definitions = _definitions(TENANTS, code_version)
    whole = PartitionKeyRange("a", "b")
    _run_source(instance, definitions, whole)
    theirs, ours = _tags(instance, definitions, whole)
    assert set(theirs) == {"a", "b"}
    assert ours == theirs


def test_the_tags_are_the_same_when_somebody_has_observed_the_external_asset(
    instance: DagsterInstance,
) -> None:
    observed = AssetObservation(EXTERNAL.key, tags={"dagster/data_version": "observed"})
    instance.report_runless_asset_event(observed)
    theirs, ours = _tags(instance, _definitions(TENANTS), PartitionKeyRange("a", "b"))
    assert ours == theirs
    assert ours["a"]["dagster/input_data_version/external"] == "observed"
