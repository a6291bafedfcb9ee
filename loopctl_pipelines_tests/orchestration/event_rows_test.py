"""A row of many that are stored together is the row that Dagster stores."""

from datetime import date

from dagster import (
    DagsterEventType,
    DagsterInstance,
    EventLogEntry,
)
from dagster_postgres import PostgresEventLogStorage

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.event_rows import event_row
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.dagster_project import dagster_project
from loopctl_pipelines_tests.usage import Usage

FIRST = date(2026, 4, 1)


def test_the_row_of_each_event_of_a_run_has_what_dagster_would_store(
    database: Database, instance: DagsterInstance
) -> None:
    usage = Usage()
    usage.report("a", FIRST, 1000)
    for _ in range(2):
        usage.report("b", FIRST, 2**63 - 1)
    usage.write(database)
    project = dagster_project(database, instance, Settings(start_date=StartDate(FIRST)))
    run = project.run((FIRST, FIRST), ("a", "b"))
    events = [each for each in instance.all_logs(run.run_id) if each.dagster_event]
    of_steps = [each for each in events if each.step_key == each.get_dagster_event().step_key]
    stored = {each.get_dagster_event().event_type for each in of_steps}
    assert {
        DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
        DagsterEventType.ASSET_MATERIALIZATION,
        DagsterEventType.ASSET_CHECK_EVALUATION,
        DagsterEventType.ASSET_OBSERVATION,
    } <= stored
    for event in of_steps:
        assert event_row(event) == dagster_row(instance, event)


def dagster_row(instance: DagsterInstance, event: EventLogEntry) -> dict[str, object]:
    """Return what Dagster's own statement would insert, by column."""
    storage = instance.event_log_storage
    assert isinstance(storage, PostgresEventLogStorage)
    statement = PostgresEventLogStorage.prepare_insert_event_batch(storage, [event])
    bound = statement.compile().params
    return {name.removesuffix("_m0"): value for name, value in bound.items()}
