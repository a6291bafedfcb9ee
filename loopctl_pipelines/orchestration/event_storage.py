"""Dagster's event log in PostgreSQL: the events of many partitions are stored together."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Final, TypeVar

from dagster import AssetKey, DagsterEventType, EventLogEntry
from dagster_postgres import PostgresEventLogStorage
from sqlalchemy import Insert, select
from sqlalchemy.dialects.postgresql import insert

from loopctl_pipelines.orchestration.check_executions import (
    KEY,
    VALUES,
    evaluated_row,
    planned_rows,
)
from loopctl_pipelines.orchestration.dagster_internals import (
    AssetCheckExecutionRecordStatus,
    AssetCheckExecutionsTable,
    SqlEventLogStorageTable,
    engine_of,
    serialize_value,
)
from loopctl_pipelines.orchestration.event_rows import (
    EVENT_COLUMNS,
    event_columns,
    event_row,
    given_rows,
)
from loopctl_pipelines.orchestration.heartbeats.pulse import Pulse
from loopctl_pipelines.orchestration.heartbeats.storage import HeartbeatStorage
from loopctl_pipelines.orchestration.storage_outages import (
    NO_PATIENCE,
    StorageOutages,
    outlasting,
)

Given = TypeVar("Given")

_EXECUTIONS: Final = AssetCheckExecutionsTable


@outlasting
class BatchingEventLogStorage(PostgresEventLogStorage):
    """Stores the events of a run's partitions in batches, as Dagster stores its materializations.

    These are the planned events and the evaluations of checks. Dagster stores them one by one:
    3,000 statements in a run of 500 partitions x 2 assets, which now takes 150 in all.
    """

    @cached_property
    def heartbeats(self) -> HeartbeatStorage:
        """The table of heartbeats, in the same database."""
        # not `index_connection`, which logs a warning for each of six attempts
        return HeartbeatStorage(lambda: engine_of(self).connect())

    @cached_property
    def pulse(self) -> Pulse:
        """The heartbeats of this process."""
        return Pulse(self.heartbeats)

    @property
    def has_begun_a_run(self) -> bool:
        """Whether this process has begun to work on a run."""
        # not made here: then the storage would refer to itself, and keep its connections open
        return "pulse" in vars(self) and self.pulse.has_begun

    outages: StorageOutages = NO_PATIENCE

    def store_event(self, event: EventLogEntry) -> None:
        """Store the event; a run's start and end begin and end its heartbeats."""
        self._store_once(super().store_event, event, [event])
        self.outages.outlast(lambda: self.pulse.follow([event]))

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store the events, at most DAGSTER_EVENT_BATCH_SIZE of them."""
        self.outages.outlast(lambda: self.pulse.follow(events))
        by_type: dict[str, list[EventLogEntry]] = {}
        for event in events:
            by_type.setdefault(event.get_dagster_event().event_type_value, []).append(event)
        if planned := by_type.pop(DagsterEventType.ASSET_MATERIALIZATION_PLANNED.value, []):
            self._store_once(self._store_planned, planned, planned)
        if evaluated := by_type.pop(DagsterEventType.ASSET_CHECK_EVALUATION.value, []):
            self._store_once(self._store_evaluated, evaluated, evaluated)
        if others := [event for of_type in by_type.values() for event in of_type]:
            self._store_once(super().store_event_batch, others, others)

    def _store_once(
        self, store: Callable[[Given], None], given: Given, events: Sequence[EventLogEntry]
    ) -> None:
        """Store what is given; each of the events is there once, whatever an outage breaks off."""

        def attempt(*, repeated: bool) -> None:
            if repeated:
                self._forget(events)
            store(given)

        self.outages.store(attempt)

    def _forget(self, events: Sequence[EventLogEntry]) -> None:
        stored = SqlEventLogStorageTable.c
        texts = [serialize_value(event) for event in events]
        run_ids = {event.run_id for event in events}
        with self.index_connection() as connection:
            connection.execute(
                SqlEventLogStorageTable.delete().where(
                    stored.run_id.in_(run_ids), stored.event.in_(texts)
                )
            )

    def store_asset_check_event(self, event: EventLogEntry, event_id: int | None) -> None:
        """Store what Dagster's table of checks keeps of the event.

        The planned event names all partitions. Dagster copies it into the row of each, so 5,000
        partitions were 5,000 rows of 200 kB; here each row names none but its own.
        """
        if event.dagster_event_type != DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
            super().store_asset_check_event(event, event_id)
            return
        # after an outage, they may be there already
        insert_missing = insert(_EXECUTIONS).on_conflict_do_nothing()
        with self.index_connection() as connection:
            connection.execute(insert_missing, planned_rows(event, event_id))

    def materialized_in(self, run_id: str) -> list[tuple[AssetKey, str]]:
        """Return the (asset, partition) pairs that a run has materialized, in event order.

        It reads no events: to read those back took a fifth of the time of a backfill.
        """
        return self._partitions_in(run_id, DagsterEventType.ASSET_MATERIALIZATION)

    def planned_in(self, run_id: str) -> list[tuple[AssetKey, str]]:
        """Return the (asset, partition) pairs that a run is to materialize, in event order."""
        return self._partitions_in(run_id, DagsterEventType.ASSET_MATERIALIZATION_PLANNED)

    def _partitions_in(self, run_id: str, kind: DagsterEventType) -> list[tuple[AssetKey, str]]:
        stored = SqlEventLogStorageTable.c
        query = (
            select(stored.asset_key, stored.partition)
            .where(
                stored.run_id == run_id,
                stored.dagster_event_type == kind.value,
                stored.partition.is_not(None),
            )
            .order_by(stored.id)
        )
        with self.index_connection() as connection:
            rows = connection.execute(query).fetchall()
        return [(key, part) for name, part in rows if (key := AssetKey.from_db_string(name))]

    def forget_planned(self, run_id: str, partitions: Collection[str]) -> None:
        """Delete the planned events of these partitions in a run, whatever the asset.

        When a run fails, Dagster shows every planned partition without a result as failed.
        """
        stored, checks = SqlEventLogStorageTable.c, AssetCheckExecutionsTable.c
        with self.index_transaction() as connection:
            connection.execute(
                SqlEventLogStorageTable.delete().where(
                    stored.run_id == run_id,
                    stored.dagster_event_type
                    == DagsterEventType.ASSET_MATERIALIZATION_PLANNED.value,
                    stored.partition.in_(partitions),
                )
            )
            connection.execute(
                AssetCheckExecutionsTable.delete().where(
                    checks.run_id == run_id,
                    checks.execution_status == AssetCheckExecutionRecordStatus.PLANNED.value,
                    checks.partition.in_(partitions),
                )
            )

    def prepare_insert_event_batch(self, events: Sequence[EventLogEntry]) -> Insert:
        """Return the statement that stores these events; Dagster's is compiled for each batch."""
        return _insert([event_row(event) for event in events])

    def _store(self, rows: Sequence[Mapping[str, object]]) -> list[int]:
        with self.index_connection() as connection:
            stored = connection.execute(_insert(rows).returning(SqlEventLogStorageTable.c.id))
            return [int(row[0]) for row in stored.fetchall()]

    def _store_planned(self, events: Sequence[EventLogEntry]) -> None:
        ids = self._store([event_row(event) for event in events])
        # Dagster's table of assets keeps the last event of each asset only
        last = {e.get_dagster_event().asset_key: (e, i) for e, i in zip(events, ids, strict=True)}
        for event, event_id in last.values():
            self.store_asset_event(event, event_id)

    def _store_evaluated(self, events: Sequence[EventLogEntry]) -> None:
        stored = [event_row(event) for event in events]
        ids = self._store(stored)
        rows = [
            evaluated_row(event, row, event_id)
            for event, row, event_id in zip(events, stored, ids, strict=True)
        ]
        given = given_rows([_EXECUTIONS.c[name] for name in (*KEY, *VALUES)], rows)
        matching = [_EXECUTIONS.c[name] == given.c[name] for name in KEY]
        changed = {name: given.c[name] for name in VALUES}
        with self.index_connection() as connection:
            update = _EXECUTIONS.update().where(*matching).values(**changed)
            updated = connection.execute(update).rowcount
        if updated != len(rows):
            # some were not planned, so they have no row yet
            for event, event_id in zip(events, ids, strict=True):
                self.store_asset_check_event(event, event_id)


def _insert(rows: Sequence[Mapping[str, object]]) -> Insert:
    given = given_rows(event_columns(), rows)
    selected = select(*(given.c[name] for name in EVENT_COLUMNS))
    return SqlEventLogStorageTable.insert().from_select(list(EVENT_COLUMNS), selected)
