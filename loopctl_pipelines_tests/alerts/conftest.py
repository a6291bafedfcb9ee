from collections.abc import Callable, Iterator

import pytest
from dagster import DagsterInstance

from loopctl_pipelines.alerts.targets import Targets
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.alerts.alerted import SETTINGS, UI, Alerts
from loopctl_pipelines_tests.alerts.http_target import HttpTarget
from loopctl_pipelines_tests.dagster_project import dagster_project
from loopctl_pipelines_tests.usage import Usage


@pytest.fixture
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as target:
        yield target


@pytest.fixture
def switched_on(
    database: Database, instance: DagsterInstance, target: HttpTarget
) -> Callable[[Usage], Alerts]:
    """Give a function that writes usage, and switches alerts on before anything has run."""

    def switch_on(usage: Usage, *urls: str) -> Alerts:
        usage.write(database)
        project = dagster_project(database, instance, SETTINGS)
        alerts = Alerts(project, Targets(urls or (target.url(),), UI))
        alerts.evaluate()
        return alerts

    return switch_on
