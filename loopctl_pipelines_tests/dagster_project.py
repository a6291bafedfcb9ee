"""The project in Dagster: definitions on a test's database, an instance on PostgreSQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from dagster import (
    AssetKey,
    AssetRecordsFilter,
    DagsterEventType,
    DagsterInstance,
    Definitions,
    ExecuteInProcessResult,
    JobDefinition,
)

from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.partitions import partition_range, range_tags
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.sync import sync_tenants

SUMMARIES: Final = AssetKey("cost_summaries")
ANOMALIES: Final = AssetKey("cost_anomalies")
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class DagsterProject:
    """Definitions and instance of one test."""

    database: Database
    instance: DagsterInstance
    definitions: Definitions

    @property
    def job(self) -> JobDefinition:
        return self.definitions.resolve_job_def(DAILY_COSTS)

    def run(
        self,
        days: tuple[date, date],
        slugs: tuple[str, str],
        assets: list[AssetKey] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> ExecuteInProcessResult:
        """Run the job over a rectangle of (first, last) days x (first, last) tenants."""
        return self.job.execute_in_process(
            instance=self.instance,
            run_config=_QUIET,
            tags={**range_tags(partition_range(days, slugs)), **(tags or {})},
            asset_selection=assets,
            raise_on_error=False,
        )

    def materialized(self, run_id: str, asset: AssetKey = SUMMARIES) -> set[str]:
        """Return the partitions of an asset that a run has recorded as materialized."""
        kind = DagsterEventType.ASSET_MATERIALIZATION
        events = [e.get_dagster_event() for e in self.instance.all_logs(run_id, of_type=kind)]
        return {e.partition for e in events if e.asset_key == asset and e.partition}

    def failures(self, run_id: str) -> list[str]:
        """Return what Dagster shows as the failures of a run's steps."""
        kind = DagsterEventType.STEP_FAILURE
        events = [e.get_dagster_event() for e in self.instance.all_logs(run_id, of_type=kind)]
        given = [event.step_failure_data.user_failure_data for event in events]
        return [data.description or "" for data in given if data]

    def reasons(self, asset: AssetKey) -> dict[str, str]:
        """Return why partitions of an asset failed, by partition, as its observations say."""
        return failure_reasons_shown(self.instance, asset)

    def metadata(self, asset: AssetKey, partition: str) -> Mapping[str, object]:
        """Return the metadata of the partition's latest materialization, by name."""
        latest = AssetRecordsFilter(asset, asset_partitions=[partition])
        event = self.instance.fetch_materializations(latest, 1).records[0].asset_materialization
        return {name: value.value for name, value in event.metadata.items()} if event else {}


def failure_reasons_shown(instance: DagsterInstance, asset: AssetKey) -> dict[str, str]:
    """Return the text that the page of each failed partition shows, by partition."""
    events = [e.asset_observation for e in instance.fetch_observations(asset, 1000).records]
    shown = [(e.partition, e.metadata) for e in events if e]
    return {
        partition: str(value.value)
        for partition, metadata in shown
        for name, value in metadata.items()
        if partition and name.startswith("failed in run ")
    }


def dagster_project(
    database: Database, instance: DagsterInstance, settings: Settings
) -> DagsterProject:
    """Return the project with the partition keys of the database's active tenants."""
    sync_tenants(instance, database)
    return DagsterProject(
        database, instance, build_definitions(settings, resources={"database": database})
    )
