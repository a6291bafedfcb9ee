"""The open project of a command: settings, database, Dagster's instance.

Dagster and Alembic are imported where they are needed: that takes seconds, and few commands do.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.dagster_database import check_dagster_database
from loopctl_pipelines.database.locations import Locations, locate
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.terminal import log_to_stderr

if TYPE_CHECKING:
    from dagster import DagsterInstance, JobDefinition


@dataclass(frozen=True)
class Project:
    """Settings and open database of a command."""

    settings: Settings
    locations: Locations
    database: Database

    @property
    def today(self) -> date:
        """The current UTC day."""
        return datetime.now(UTC).date()

    @property
    def start(self) -> date:
        """The first day with partitions."""
        return self.settings.start_date.resolve(self.today)

    def job(self, name: str) -> "JobDefinition":
        """Return a job by name, on the open database."""
        from loopctl_pipelines.definitions import build_definitions  # noqa: PLC0415

        return build_definitions(
            self.settings, resources={"database": self.database}
        ).resolve_job_def(name)

    @contextmanager
    def instance(self) -> Iterator["DagsterInstance"]:
        """Open Dagster's instance, the one that the UI shows; end the runs of dead processes.

        Raises:
            DatabaseNotUsableError: if its storage cannot be used.
        """
        from loopctl_pipelines.orchestration.heartbeats.dead_runs import (  # noqa: PLC0415
            end_dead_runs,
        )
        from loopctl_pipelines.orchestration.instance import dagster_instance  # noqa: PLC0415

        check_dagster_database(self.locations.dagster)
        os.environ["LOOPCTL_DAGSTER_URL"] = self.locations.dagster
        with dagster_instance(self.settings.home) as instance:
            end_dead_runs(instance)
            yield instance

    def upgrade_embedded(self) -> None:
        """Upgrade the embedded database; any other one is upgraded by its operators."""
        if self.locations.embedded:
            # imports Alembic
            from loopctl_pipelines.database.upgrade import upgrade  # noqa: PLC0415

            upgrade(self.locations.loopctl, self.settings.database_role)
        check_database(self.database, COST_TABLES)


@contextmanager
def open_project() -> Iterator[Project]:
    """Open the project of this environment; the embedded server, if used, runs until it closes.

    Raises:
        SettingsError: naming the invalid setting.
        DatabaseNotUsableError: if nothing answers at LOOPCTL_DATABASE_URL.
        EmbeddedServerError: if the embedded server does not start.
    """
    settings = Settings.from_environment(os.environ)
    if settings.log_format == "json":
        log_to_stderr(logging.WARNING, settings.log_format)
    with locate(settings) as locations:
        database = Database(
            locations.loopctl, settings.database_role, connections=settings.connections
        )
        with closing(database):
            yield Project(settings, locations, database)
