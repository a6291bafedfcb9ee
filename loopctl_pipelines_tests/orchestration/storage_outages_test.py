"""Dagster's storage when the server ends in the middle of its statements."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from random import Random
from typing import Any

import psycopg2
import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from sqlalchemy.event import listen, remove

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.dagster_internals import engine_of
from loopctl_pipelines.orchestration.event_storage import BatchingEventLogStorage
from loopctl_pipelines.orchestration.run_storage import FirstEndRunStorage
from loopctl_pipelines.orchestration.storage_outages import StorageOutages
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.dagster_internals import DagsterRunAlreadyExists
from loopctl_pipelines_tests.dagster_project import DagsterProject, dagster_project
from loopctl_pipelines_tests.usage import Usage

FIRST, LAST = date(2026, 4, 1), date(2026, 4, 2)


class Outages:
    """Ends sessions before and after statements, at random: each tenth one."""

    def __init__(self, seed: int) -> None:
        self.before = self.after = 0
        self._random = Random(seed)

    def end_before(self, connection: Any, *_: object) -> None:  # noqa: ANN401 - SQLAlchemy's
        if self._random.random() < 1 / 20:
            self.before += 1
            connection.connection.dbapi_connection.close()

    def end_after(self, *_: object) -> None:
        if self._random.random() < 1 / 20:
            self.after += 1
            # committed, but nobody is told
            raise psycopg2.OperationalError("server closed the connection unexpectedly")


@contextmanager
def outages(instance: DagsterInstance, seed: int) -> Iterator[Outages]:
    acting = Outages(seed)
    engines = {engine_of(part) for part in (instance.run_storage, instance.event_log_storage)}
    hooks = [
        (engine, name, act)
        for engine in engines
        for name, act in (
            ("before_cursor_execute", acting.end_before),
            ("after_cursor_execute", acting.end_after),
        )
    ]
    for hook in hooks:
        listen(*hook)
    try:
        yield acting
    finally:
        for hook in hooks:
            remove(*hook)


@pytest.fixture
def patient(instance: DagsterInstance) -> DagsterInstance:
    """Give an instance that waits as a run does, also while the run is created."""
    patience = StorageOutages("", lambda: True)
    for part in (instance.run_storage, instance.event_log_storage):
        assert isinstance(part, (FirstEndRunStorage, BatchingEventLogStorage))
        part.outages = patience
    return instance


@pytest.fixture
def project(database: Database, patient: DagsterInstance) -> DagsterProject:
    usage = Usage()
    for slug in ("a", "b"):
        for day in (FIRST, LAST):
            usage.report(slug, day, 1000)
    usage.write(database)
    return dagster_project(database, patient, Settings(start_date=StartDate(FIRST)))


def _events(instance: DagsterInstance, run_id: str) -> Counter[tuple[object, ...]]:
    events = [
        entry.get_dagster_event() for entry in instance.all_logs(run_id) if entry.is_dagster_event
    ]
    return Counter((e.event_type_value, e.asset_key, e.partition) for e in events)


@pytest.mark.parametrize("seed", [1, 2])
def test_each_event_of_a_run_is_stored_once_though_the_server_ends_in_every_tenth_statement(
    project: DagsterProject, instance: DagsterInstance, seed: int
) -> None:
    quiet = project.run((FIRST, LAST), ("a", "b"))
    with outages(instance, seed) as acted:
        disturbed = project.run((FIRST, LAST), ("a", "b"), tags={"mine": "yes"})
    assert acted.before > 3
    assert acted.after > 3
    assert disturbed.success
    assert _events(instance, disturbed.run_id) == _events(instance, quiet.run_id)
    [run] = instance.get_runs(RunsFilter(tags={"mine": "yes"}))
    assert (run.run_id, run.status) == (disturbed.run_id, DagsterRunStatus.SUCCESS)


def test_tags_that_are_added_while_the_server_ends_find_the_run(
    project: DagsterProject, instance: DagsterInstance
) -> None:
    run_id = project.run((FIRST, FIRST), ("a", "a")).run_id
    for seed in range(20):
        with outages(instance, seed):
            instance.add_run_tags(run_id, {f"tag {seed}": "new", "every": str(seed)})
        for tags in ({f"tag {seed}": "new"}, {"every": str(seed)}):
            assert [run.run_id for run in instance.get_runs(RunsFilter(tags=tags))] == [run_id]


def test_a_run_that_is_there_already_is_refused_as_before(instance: DagsterInstance) -> None:
    run = instance.run_storage.add_run(DagsterRun("daily_costs"))
    with pytest.raises(DagsterRunAlreadyExists):
        instance.run_storage.add_run(run)
