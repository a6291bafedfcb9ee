"""The storage of Dagster's instance: PostgreSQL, with a connection pool and batches of events."""

import os
from collections.abc import Mapping
from typing import Any, Final, Self, cast
from weakref import ref

from dagster import DagsterInstance, Field, IntSource
from dagster_postgres import DagsterPostgresStorage
from dagster_postgres.auth import PgTokenProvider
from dagster_postgres.utils import (
    DagsterPostgresException,
    get_token_provider_from_config,
    pg_config,
    pg_url_from_config,
)
from sqlalchemy.exc import SQLAlchemyError

from loopctl_pipelines.database.dagster_database import check_dagster_database, dagster_url
from loopctl_pipelines.errors import SettingsError
from loopctl_pipelines.orchestration.dagster_internals import (
    ConfigurableClassData,
    cover_backfills_with_rectangles,
)
from loopctl_pipelines.orchestration.event_storage import BatchingEventLogStorage
from loopctl_pipelines.orchestration.run_storage import FirstEndRunStorage
from loopctl_pipelines.orchestration.storage_connections import keep_connections
from loopctl_pipelines.orchestration.storage_outages import NO_PATIENCE, StorageOutages
from loopctl_pipelines.postgres_url import problem_of

_EVENTS_PER_BATCH: Final = "1000"
_PARTITIONS_PER_RUN: Final = "partitions_per_run"
# as large as the nightly run after a month of missed nights, with 300 tenants
_MOST_PARTITIONS_PER_RUN: Final = 10_000


class PooledPostgresStorage(DagsterPostgresStorage):
    """Gives the daemon, the runs and the CLI the connection pool that Dagster's webserver has.

    Elsewhere Dagster connects anew for every statement, about five times for each event: a run of
    300 partitions x 2 assets took 20.8 s, and takes 4.5 s with a pool.
    """

    def __init__(
        self,
        postgres_url: str,
        should_autocreate_tables: bool = True,  # noqa: FBT001, FBT002 - Dagster's signature
        inst_data: ConfigurableClassData | None = None,
        token_provider: PgTokenProvider | None = None,
    ) -> None:
        """Take the arguments of Dagster's own storage, and have this process batch its events."""
        super().__init__(postgres_url, should_autocreate_tables, inst_data, token_provider)
        self._events = BatchingEventLogStorage(
            postgres_url, should_autocreate_tables=False, token_provider=token_provider
        )
        self._runs = FirstEndRunStorage(
            postgres_url, should_autocreate_tables=False, token_provider=token_provider
        )
        # Here, because every process of an instance loads its storage. Dagster reads the variable
        # at each event, and stores events one by one without it: 300 tenants took 22.8 s, not 12.3.
        os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", _EVENTS_PER_BATCH)

    @property
    def event_log_storage(self) -> BatchingEventLogStorage:
        """The event log that stores events in batches."""
        return self._events

    @property
    def run_storage(self) -> FirstEndRunStorage:
        """The runs, each with its first end."""
        return self._runs

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Return what `dagster.yaml` may configure: Dagster's own, and backfills' size."""
        size = Field(
            IntSource,
            is_required=False,
            description="The most partitions that one run of a backfill covers.",
        )
        return {**cast("Mapping[str, Any]", pg_config()), _PARTITIONS_PER_RUN: size}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        """Build the storage that `dagster.yaml` configures.

        Raises:
            SettingsError: if its URL cannot be parsed; SQLAlchemy's message would repeat parts.
            DatabaseNotUsableError: if nothing answers there, or the login lacks a right.
        """
        url = pg_url_from_config(config_value)
        if problem := problem_of(url):
            raise SettingsError("LOOPCTL_DAGSTER_URL", problem)
        try:
            storage = cls(
                inst_data=inst_data,
                postgres_url=dagster_url(url),
                should_autocreate_tables=config_value.get("should_autocreate_tables", True),
                token_provider=get_token_provider_from_config(config_value),
            )
        except (DagsterPostgresException, SQLAlchemyError) as error:
            failure = error
        else:
            events = ref(storage.event_log_storage)
            outages = StorageOutages(
                url, lambda: (found := events()) is not None and found.has_begun_a_run
            )
            storage.run_storage.outages = storage.event_log_storage.outages = outages
            keep_connections(
                (storage.run_storage, storage.event_log_storage, storage.schedule_storage), outages
            )
            # here, because it is the daemon that makes runs of backfills
            cover_backfills_with_rectangles(
                config_value.get(_PARTITIONS_PER_RUN, _MOST_PARTITIONS_PER_RUN)
            )
            return storage
        # says what is wrong in a sentence
        check_dagster_database(url)
        raise failure


def bound_statements(instance: DagsterInstance, milliseconds: int) -> None:
    """Bound the statements of an instance, as its webserver does.

    Dagster's own `optimize_for_webserver` makes new pools, which outlast no outage.
    """
    events = instance.event_log_storage
    parts = (instance.run_storage, events, instance.schedule_storage)
    outages = events.outages if isinstance(events, BatchingEventLogStorage) else NO_PATIENCE
    keep_connections([part for part in parts if part], outages, statement_milliseconds=milliseconds)
