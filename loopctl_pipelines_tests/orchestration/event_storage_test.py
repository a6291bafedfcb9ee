"""Dagster's storage runs about as many statements for many partitions as for few."""

from collections.abc import Iterator
from datetime import date, timedelta

import psycopg
import pytest
import sqlalchemy
from dagster import (
    AssetCheckEvaluation,
    AssetCheckKey,
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    EventLogEntry,
    StaticPartitionsDefinition,
)
from sqlalchemy.engine import Engine

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.dagster_internals import AssetCheckExecutionRecordStatus
from loopctl_pipelines.orchestration.event_storage import BatchingEventLogStorage
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.dagster_internals import (
    AssetCheckEvaluationPlanned,
    AssetMaterializationPlannedData,
    EventLogStorage,
)
from loopctl_pipelines_tests.dagster_project import (
    ANOMALIES,
    SUMMARIES,
    DagsterProject,
    dagster_project,
)
from loopctl_pipelines_tests.usage import Usage

FIRST = date(2026, 4, 1)
CHECK = AssetCheckKey(SUMMARIES, "check")
RUNS = ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002")


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Give the statements that Dagster's storage runs, as they run."""
    ran: list[str] = []

    def listen(*given: object) -> None:
        ran.append(str(given[2]))

    sqlalchemy.event.listen(Engine, "before_cursor_execute", listen)
    yield ran
    sqlalchemy.event.remove(Engine, "before_cursor_execute", listen)


@pytest.fixture
def project(database: Database, instance: DagsterInstance) -> DagsterProject:
    """Give tenants `a` and `b` and `c`, whose first day does not add up."""
    usage = Usage()
    for slug in ("a", "b", "c"):
        usage.report(slug, FIRST, 1000)
    for _ in range(2):
        usage.report("c", FIRST, 2**63 - 1)
    usage.write(database)
    return dagster_project(database, instance, Settings(start_date=StartDate(FIRST)))


@pytest.mark.parametrize("slugs", [("a", "b"), ("a", "c")], ids=["all land", "one fails"])
def test_a_run_over_many_partitions_takes_as_many_statements_as_one_over_few(
    project: DagsterProject, statements: list[str], slugs: tuple[str, str]
) -> None:
    counts = []
    for days in (3, 60):
        statements.clear()
        run = project.run((FIRST, FIRST + timedelta(days=days - 1)), slugs)
        tenants = ord(slugs[1]) - ord(slugs[0]) + 1
        landed = project.materialized(run.run_id)
        assert len(landed) == days * tenants - (slugs[1] == "c")
        counts.append(len(statements))
    # some more or less: Dagster looks at its tables now and then
    assert abs(counts[1] - counts[0]) < 20


def test_what_a_run_has_materialized_is_what_its_events_say(
    project: DagsterProject, instance: DagsterInstance
) -> None:
    runs = [project.run((FIRST, FIRST), slugs) for slugs in (("a", "b"), ("a", "c"))]
    storage = instance.event_log_storage
    assert isinstance(storage, BatchingEventLogStorage)
    for run in runs:
        logged = instance.all_logs(run.run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION)
        events = [entry.get_dagster_event() for entry in logged]
        found = storage.materialized_in(run.run_id)
        assert found == [(event.asset_key, event.partition) for event in events]
        assert (SUMMARIES, "2026-04-01|a") in found


def _events(run_id: str) -> list[EventLogEntry]:
    planned = [
        DagsterEvent.build_asset_materialization_planned_event(
            "daily_costs",
            asset.to_user_string(),
            AssetMaterializationPlannedData(asset, partition=partition),
        )
        for asset in (SUMMARIES, ANOMALIES)
        for partition in ("2026-04-01|a", "2026-04-02|a", None)
    ]
    check = DagsterEvent(
        DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED.value,
        "daily_costs",
        event_specific_data=AssetCheckEvaluationPlanned(asset_key=SUMMARIES, check_name="check"),
    )
    return [
        EventLogEntry(  # type: ignore[no-untyped-call]
            error_info=None,
            level=10,
            user_message="",
            run_id=run_id,
            timestamp=float(number),
            dagster_event=event,
        )
        for number, event in enumerate([*planned, check])
    ]


def test_planned_events_in_a_batch_are_stored_as_one_by_one(instance: DagsterInstance) -> None:
    storage = instance.event_log_storage
    one_by_one, in_a_batch = _events(RUNS[0]), _events(RUNS[1])
    for event in one_by_one:
        storage.store_event(event)
    before = _stored(storage, RUNS[0])
    storage.store_event_batch(in_a_batch)
    assert len(before) == len(one_by_one)
    assert _stored(storage, RUNS[1]) == before
    assert not instance.fetch_materializations(SUMMARIES, 1).records


def _stored(storage: EventLogStorage, run_id: str) -> list[object]:
    """Return a run's events in their order; the assets and the check have it as their last run."""
    of_assets = storage.get_asset_records([SUMMARIES, ANOMALIES])
    assert [record.asset_entry.last_run_id for record in of_assets] == [run_id, run_id]
    (check,) = storage.get_latest_asset_check_execution_by_key([CHECK]).values()
    assert check.run_id == run_id
    records = storage.get_records_for_run(run_id, ascending=True).records
    entries = sorted((record.event_log_entry for record in records), key=lambda e: e.timestamp)
    return [(entry.timestamp, entry.level, entry.get_dagster_event()) for entry in entries]


def _evaluations(run_id: str) -> list[EventLogEntry]:
    return [
        EventLogEntry(  # type: ignore[no-untyped-call]
            error_info=None,
            level=10,
            user_message="",
            run_id=run_id,
            timestamp=float(number),
            dagster_event=DagsterEvent(
                DagsterEventType.ASSET_CHECK_EVALUATION.value,
                "daily_costs",
                event_specific_data=AssetCheckEvaluation(
                    SUMMARIES, "check", passed=number > 0, metadata={}, partition=partition
                ),
            ),
        )
        for number, partition in enumerate(("2026-04-01|a", "2026-04-02|a", None))
    ]


@pytest.mark.parametrize("planned", [0, 1, 3])
def test_evaluations_in_a_batch_are_stored_as_one_by_one(
    instance: DagsterInstance, planned: int
) -> None:
    storage = instance.event_log_storage
    found = []
    for run_id in RUNS:
        evaluations = _evaluations(run_id)
        for event in evaluations[:planned]:
            storage.store_event(_planned(event))
        if run_id == RUNS[0]:
            for event in evaluations:
                storage.store_event(event)
        else:
            storage.store_event_batch(evaluations)
        records = storage.get_asset_check_execution_history(CHECK, limit=10)
        of_run = [record for record in records if record.run_id == run_id]
        found.append({(r.partition, r.status, r.create_timestamp > 0) for r in of_run})
        assert len(of_run) == len(evaluations)
        stored = {r.partition: r.event.get_dagster_event() for r in of_run if r.event}
        given = [event.get_dagster_event() for event in evaluations]
        assert stored == {event.asset_check_evaluation_data.partition: event for event in given}
    assert found[0] == found[1]


def _planned(evaluation: EventLogEntry) -> EventLogEntry:
    partition = evaluation.get_dagster_event().asset_check_evaluation_data.partition
    days = StaticPartitionsDefinition(["2026-04-01|a", "2026-04-02|a"])
    subset = days.subset_with_partition_keys([partition]) if partition else None
    event = DagsterEvent(
        DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED.value,
        "daily_costs",
        event_specific_data=AssetCheckEvaluationPlanned(
            asset_key=SUMMARIES, check_name="check", partitions_subset=subset
        ),
    )
    return evaluation._replace(dagster_event=event)


def test_a_planned_check_is_stored_in_a_row_a_partition_that_names_no_other(
    instance: DagsterInstance, dagster_url: str
) -> None:
    keys = [f"2026-04-01|tenant-{number:04}" for number in range(200)]
    partitions = StaticPartitionsDefinition(keys)
    planned = AssetCheckEvaluationPlanned(
        asset_key=SUMMARIES,
        check_name=CHECK.name,
        partitions_subset=partitions.subset_with_all_partitions(),
    )
    event = _events(RUNS[0])[-1]
    dagster_event = event.get_dagster_event()._replace(event_specific_data=planned)
    instance.event_log_storage.store_event(event._replace(dagster_event=dagster_event))
    with psycopg.connect(dagster_url) as connection:
        rows = connection.execute(
            "SELECT partition, asset_key, check_name, run_id, execution_status, evaluation_event"
            " FROM asset_check_executions ORDER BY partition"
        ).fetchall()
    assert [row[0] for row in rows] == keys
    assert {row[1:5] for row in rows} == {
        (SUMMARIES.to_string(), CHECK.name, RUNS[0], AssetCheckExecutionRecordStatus.PLANNED.value)
    }
    assert not any("tenant-" in row[5] for row in rows)
    (stored,) = instance.all_logs(RUNS[0])
    assert stored.get_dagster_event().asset_check_planned_data == planned


def test_sessions_that_were_ended_while_idle_are_replaced(
    instance: DagsterInstance, dagster_url: str
) -> None:
    def ask_each_storage() -> list[object]:
        return [
            instance.get_runs(),
            instance.all_asset_keys(),
            instance.all_instigator_state(),
        ]

    before = ask_each_storage()
    with psycopg.connect(dagster_url) as operator:
        ended = operator.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert ended.rowcount >= len(before)
    assert ask_each_storage() == before
