"""Old history of Dagster's is deleted, and the UI shows of every partition what it did before."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest
from dagster import (
    AssetCheckKey,
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    DagsterEventType,
    DagsterInstance,
    DagsterRunStatus,
)

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.orchestration.event_retention.batches import Batches
from loopctl_pipelines.orchestration.event_retention.retention import Deleted, delete_history
from loopctl_pipelines.orchestration.event_retention.scope import Bounds, OwnHistory, own_history
from loopctl_pipelines.orchestration.event_storage import BatchingEventLogStorage
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.dagster_internals import (
    BulkActionStatus,
    PartitionBackfill,
    create_run_for_test,
    partitions_by_staleness,
)
from loopctl_pipelines_tests.dagster_project import (
    ANOMALIES,
    SUMMARIES,
    DagsterProject,
    dagster_project,
)
from loopctl_pipelines_tests.usage import Usage

FIRST, LAST = date(2026, 4, 1), date(2026, 4, 3)
CHECKS = [
    AssetCheckKey(SUMMARIES, "summaries_match_reports"),
    AssetCheckKey(ANOMALIES, "anomalies_match_rule"),
]
_NOT_STORED = "NOT IN (SELECT id FROM event_logs)"
_RUN_IS_GONE = "NOT IN (SELECT run_id FROM runs)"
NOTHING = Deleted(0, 0, 0, 0, 0)
LATER = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)


@pytest.fixture
def project(database: Database, instance: DagsterInstance) -> DagsterProject:
    """Give three days of two tenants, computed twice; then tenant `b` fails on the last day."""
    usage = Usage()
    for slug in "ab":
        for n in range(3):
            for _ in range(2):
                usage.report(slug, FIRST + timedelta(days=n), cost=100)
    usage.write(database)
    project = dagster_project(database, instance, Settings(start_date=StartDate(FIRST)))
    for _ in range(2):
        assert project.run((FIRST, LAST), ("a", "b")).success
    with database.operator_transaction() as connection:
        connection.execute(
            "UPDATE token_usage_reports SET cost_millicents = 9223372036854775807"
            " WHERE tenant_id = (SELECT id FROM tenants WHERE slug = 'b')"
        )
    assert not project.run((LAST, LAST), ("a", "b")).success
    return project


@pytest.fixture
def own() -> OwnHistory:
    return own_history(build_definitions(Settings(start_date=StartDate(FIRST))))


def _bounds(start: date = FIRST, before: datetime = LATER, asking: str = "") -> Bounds:
    return Bounds(before, start, (), asking)


def _storage(instance: DagsterInstance) -> BatchingEventLogStorage:
    storage = instance.event_log_storage
    assert isinstance(storage, BatchingEventLogStorage)
    return storage


def _shown(project: DagsterProject) -> Mapping[str, object]:
    """Return what the pages of assets, partitions and checks read, from tables and not a cache."""
    storage = _storage(project.instance)
    shown: dict[str, object] = {}
    for asset in (SUMMARIES, ANOMALIES):
        for kind in (
            DagsterEventType.ASSET_MATERIALIZATION,
            DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
            DagsterEventType.ASSET_OBSERVATION,
        ):
            latest = storage.get_latest_storage_id_by_partition(asset, kind)
            assert latest or kind is DagsterEventType.ASSET_OBSERVATION
            shown[f"{asset} {kind}"] = {
                key: (place, _run_of(storage, place)) for key, place in latest.items()
            }
        attempts = (
            storage.get_latest_asset_partition_materialization_attempts_without_materializations
        )
        shown[f"{asset} not materialized"] = attempts(asset)
        shown[f"{asset} versions"] = storage.get_latest_tags_by_partition(
            asset, DagsterEventType.ASSET_MATERIALIZATION, ["dagster/data_version"]
        )
        keys = list(storage.get_materialized_partitions(asset))
        shown[f"{asset} stale"] = partitions_by_staleness(
            project.instance, project.definitions, asset, keys
        )
    shown["checks"] = sorted(
        map(repr, storage.get_asset_check_partition_info(CHECKS)),
    )
    shown["latest checks"] = {
        key: record.id
        for key, record in storage.get_latest_asset_check_execution_by_key(CHECKS).items()
    }
    return shown


def _run_of(storage: BatchingEventLogStorage, event: int) -> str:
    with storage.index_connection() as connection:
        query = "SELECT run_id FROM event_logs WHERE id = %s"
        return str(connection.exec_driver_sql(query, (event,)).scalar())


def _count(instance: DagsterInstance, table: str) -> int:
    with _storage(instance).index_connection() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() or 0)  # noqa: S608 - ours


def test_what_the_ui_shows_of_partitions_stays_and_what_was_superseded_goes(
    project: DagsterProject, own: OwnHistory
) -> None:
    before, instance = _shown(project), project.instance
    deleted = delete_history(instance, own, _bounds())
    assert _shown(project) == before
    # 6 partitions x 2 assets, materialized and planned in the first run, and 2 plans of the second
    assert deleted.events == 26
    assert deleted.runs == 1
    assert deleted.check_results > 0
    assert _count(instance, "event_logs WHERE dagster_event_type = 'ASSET_CHECK_EVALUATION'") == 0
    assert _count(instance, f"asset_event_tags WHERE event_id {_NOT_STORED}") == 0
    for table in ("event_logs", "asset_check_executions"):
        assert _count(instance, f"{table} WHERE run_id {_RUN_IS_GONE}") == 0
    assert delete_history(instance, own, _bounds()) == NOTHING


def test_what_is_younger_stays(instance: DagsterInstance, own: OwnHistory) -> None:
    _materialize(instance, SUMMARIES, f"{FIRST}|a", times=2)
    run = create_run_for_test(instance, "daily_costs", status=DagsterRunStatus.SUCCESS)
    assert delete_history(instance, own, _bounds(before=LATER - timedelta(days=2))) == NOTHING
    assert instance.has_run(run.run_id)


def test_events_of_days_before_the_first_partition_go_with_their_runs(
    project: DagsterProject, own: OwnHistory
) -> None:
    instance = project.instance
    delete_history(instance, own, _bounds(start=LAST))
    assert instance.get_materialized_partitions(SUMMARIES) == {f"{LAST}|a", f"{LAST}|b"}
    info = _storage(instance).get_asset_check_partition_info(CHECKS)
    assert {each.partition_key for each in info} <= {f"{LAST}|a", f"{LAST}|b"}
    delete_history(instance, own, _bounds(start=LAST + timedelta(days=1)))
    # the latest run of the assets is named on their pages
    assert instance.get_runs_count() == 1


def test_a_run_that_another_has_repeated_stays_as_long_as_that(
    instance: DagsterInstance, own: OwnHistory
) -> None:
    root = create_run_for_test(instance, "daily_costs", status=DagsterRunStatus.FAILURE)
    tags = {"dagster/root_run_id": root.run_id, "dagster/parent_run_id": root.run_id}
    repeated = create_run_for_test(
        instance, "daily_costs", status=DagsterRunStatus.STARTED, tags=tags
    )
    assert delete_history(instance, own, _bounds()).runs == 0
    instance.report_run_failed(repeated)
    assert delete_history(instance, own, _bounds()).runs == 2
    assert instance.get_runs() == []


def test_runs_and_assets_of_other_code_locations_stay(
    instance: DagsterInstance, own: OwnHistory
) -> None:
    ended, place = DagsterRunStatus.SUCCESS, {".dagster/repository": "__repository__@another"}
    theirs = [
        create_run_for_test(instance, "their_job", status=ended),
        create_run_for_test(instance, "daily_costs", status=ended, tags=place),
    ]
    _materialize(instance, AssetKey("theirs"), "p", times=2)
    assert delete_history(instance, own, _bounds()) == NOTHING
    assert all(instance.has_run(run.run_id) for run in theirs)


def test_runs_of_the_same_code_location_go(instance: DagsterInstance, own: OwnHistory) -> None:
    place = {".dagster/repository": "__repository__@ours"}
    asking = create_run_for_test(instance, status=DagsterRunStatus.STARTED, tags=place)
    ended = create_run_for_test(
        instance, "daily_costs", status=DagsterRunStatus.SUCCESS, tags=place
    )
    assert delete_history(instance, own, _bounds(asking=asking.run_id)).runs == 1
    assert not instance.has_run(ended.run_id)


def test_of_an_asset_without_partitions_the_latest_stays(
    instance: DagsterInstance, own: OwnHistory
) -> None:
    key = AssetKey("token_data_retention")
    for n in range(3):
        instance.report_runless_asset_event(AssetObservation(key, metadata={"n": n}))
        instance.report_runless_asset_event(AssetMaterialization(key, metadata={"n": n}))
    delete_history(instance, own, _bounds(), rows=2)
    for found in (
        instance.fetch_materializations(key, 5).records,
        instance.fetch_observations(key, 5).records,
    ):
        assert len(found) == 1
        event = found[0].asset_materialization or found[0].asset_observation
        assert event
        assert event.metadata["n"].value == 2


def test_an_unfinished_run_keeps_all_of_its_events(
    project: DagsterProject, own: OwnHistory
) -> None:
    instance = project.instance
    first = instance.get_runs()[-1].run_id
    kept = Bounds(LATER, FIRST, (first,), "")
    events = _count(instance, f"event_logs WHERE run_id = '{first}'")
    delete_history(instance, own, kept)
    assert _count(instance, f"event_logs WHERE run_id = '{first}'") == events


def test_a_materialization_stays_whose_version_a_dependent_was_computed_from(
    instance: DagsterInstance, own: OwnHistory
) -> None:
    key = f"{FIRST}|a"
    _materialize(instance, SUMMARIES, key, times=2)
    _materialize(instance, ANOMALIES, key, times=1)
    _materialize(instance, SUMMARIES, key, times=3)
    assert delete_history(instance, own, _bounds()).events == 3


@pytest.mark.parametrize("batches", [1, 2, 5])
def test_ended_after_any_batch_it_goes_on_where_it_was(
    instance: DagsterInstance, own: OwnHistory, batches: int
) -> None:
    storage, key = _storage(instance), SUMMARIES
    for slug in "abcd":
        _materialize(instance, key, f"{FIRST}|{slug}", times=4)
    kind = DagsterEventType.ASSET_MATERIALIZATION
    before = storage.get_latest_storage_id_by_partition(key, kind)
    begun = Batches(storage, _bounds(), rows=3)
    [summaries] = [asset for asset in own.assets if asset.key == key.to_string()]
    done = sum(islice(begun.superseded_events(summaries), batches))
    assert 0 < done < 12
    assert done + delete_history(instance, own, _bounds(), rows=3).events == 12
    assert storage.get_latest_storage_id_by_partition(key, kind) == before


def test_an_ended_backfill_without_runs_goes_unless_it_is_of_others(
    instance: DagsterInstance, own: OwnHistory
) -> None:
    ended, goes_on = BulkActionStatus.COMPLETED_SUCCESS, BulkActionStatus.REQUESTED
    for name, status, asset in (
        ("ours", ended, SUMMARIES),
        ("begun", goes_on, SUMMARIES),
        ("theirs", ended, AssetKey("theirs")),
    ):
        instance.add_backfill(_backfill(name, status, [asset]))
    assert delete_history(instance, own, _bounds()).backfills == 1
    assert {each.backfill_id for each in instance.get_backfills()} == {"begun", "theirs"}


def _materialize(instance: DagsterInstance, asset: AssetKey, partition: str, times: int) -> None:
    for _ in range(times):
        instance.report_runless_asset_event(AssetMaterialization(asset, partition=partition))


def _backfill(name: str, status: BulkActionStatus, assets: Sequence[AssetKey]) -> PartitionBackfill:
    return PartitionBackfill(
        backfill_id=name,
        status=status,
        from_failure=False,
        tags={"part": name},
        backfill_timestamp=datetime(2026, 1, 1, tzinfo=UTC).timestamp(),
        asset_selection=assets,
    )
