"""What a command works with: settings, database and Dagster's instance, open.

Dagster is imported by what needs it: that takes seconds, and the API does without it.
"""

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
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance, JobDefinition


@dataclass(frozen=True)
class Project:
    """Everything a command works with, open."""

    settings: Settings
    locations: Locations
    database: Database

    @property
    def today(self) -> date:
        """The UTC day that is not over yet."""
        return datetime.now(UTC).date()

    @property
    def start(self) -> date:
        """The first day that has partitions."""
        return self.settings.start_date.resolve(self.today)

    def job(self, name: str) -> "JobDefinition":
        """Return one of Dagster's jobs, on the open database."""
        from loopctl_pipelines.definitions import build_definitions  # noqa: PLC0415

        return build_definitions(
            self.settings, resources={"database": self.database}
        ).resolve_job_def(name)

    @contextmanager
    def instance(self) -> Iterator["DagsterInstance"]:
        """Give out Dagster's instance, the one that the UI shows.

        Raises:
            DatabaseNotUsableError: if its storage cannot be worked with.
        """
        # `definitions` for how it has Dagster store events
        from loopctl_pipelines import definitions  # noqa: F401, PLC0415
        from loopctl_pipelines.orchestration.instance import dagster_instance  # noqa: PLC0415

        check_dagster_database(self.locations.dagster)
        os.environ["LOOPCTL_DAGSTER_URL"] = self.locations.dagster
        with dagster_instance(self.settings.home) as instance:
            yield instance

    def upgrade_embedded(self) -> None:
        """Bring the embedded database up to date; another one is its operators' to upgrade."""
        if self.locations.embedded:
            upgrade(self.locations.loopctl, self.settings.database_role)
        check_database(self.database, COST_TABLES)


@contextmanager
def open_project() -> Iterator[Project]:
    """Give out the project of this environment; the embedded server runs meanwhile if it is used.

    Raises:
        SettingsError: naming the setting that cannot be used.
        DatabaseNotUsableError: if LOOPCTL_DATABASE_URL leads nowhere.
        EmbeddedServerError: if the embedded server does not start.
    """
    settings = Settings.from_environment(os.environ)
    with locate(settings) as locations:
        database = Database(
            locations.loopctl, settings.database_role, connections=settings.connections
        )
        with closing(database):
            yield Project(settings, locations, database)
