"""The rollup is replaced by configuration: as a resource, or by LOOPCTL_ROLLUP."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from dagster import DagsterInstance

from loopctl_pipelines.costs.jobs import WEEKLY_RECONCILIATION, WEEKLY_RETENTION
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.summaries.rollup import DaySummarized
from loopctl_pipelines.costs.summaries.rollup_protocol import SqlRollup, load_rollup
from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.errors import SettingsError
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines_tests.costs.retention.retained import keep
from loopctl_pipelines_tests.costs.runs import stored_summaries
from loopctl_pipelines_tests.dagster_project import SUMMARIES, DagsterProject
from loopctl_pipelines_tests.usage import Usage

OLD = datetime.now(UTC).date() - timedelta(days=100)
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class DoubledRollup:
    """Stores twice the cost of the default."""

    def roll_up(self, connection: TenantConnection, unit: TenantDays) -> list[DaySummarized]:
        days = SqlRollup().roll_up(connection, unit)
        connection.execute("UPDATE cost_summaries SET total_cost_millicents = 2000")
        return [replace(day, cost_millicents=2 * day.cost_millicents) for day in days]


class ConfiguredRollup(DoubledRollup):
    """A rollup that needs more than its class: an instance of it is configured."""

    def __init__(self, name: str) -> None:
        self.name = name


CONFIGURED = ConfiguredRollup("of this module")
NO_ROLLUP = object()


@pytest.fixture
def project(database: Database, instance: DagsterInstance) -> DagsterProject:
    """Give tenant `a`, which keeps 90 days, with a report that is older, and a doubled rollup."""
    usage = Usage()
    usage.report("a", OLD, 1000)
    usage.write(database)
    keep(database, 90, "a")
    sync_tenants(instance, database)
    settings = Settings(start_date=StartDate(OLD))
    resources = {"database": database, "rollup": DoubledRollup()}
    return DagsterProject(database, instance, build_definitions(settings, resources=resources))


def _stored_costs(database: Database) -> set[int]:
    return {summary.cost_millicents for summary in stored_summaries(database).values()}


def test_the_asset_uses_the_rollup_that_is_given_as_a_resource(
    project: DagsterProject, database: Database
) -> None:
    project.run((OLD, OLD), ("a", "a"), [SUMMARIES])
    assert _stored_costs(database) == {2000}
    assert project.metadata(SUMMARIES, f"{OLD}|a")["cost (dollars)"] == 0.02


@pytest.mark.parametrize("job", [WEEKLY_RECONCILIATION, WEEKLY_RETENTION])
def test_the_weekly_jobs_use_it_as_well(
    project: DagsterProject, database: Database, job: str
) -> None:
    weekly = project.definitions.resolve_job_def(job)
    assert weekly.execute_in_process(instance=project.instance, run_config=QUIET).success
    assert _stored_costs(database) == {2000}


@pytest.mark.parametrize("name", ["DoubledRollup", "CONFIGURED"])
def test_a_setting_names_a_class_or_an_object_as_the_rollup(
    database: Database, instance: DagsterInstance, name: str
) -> None:
    usage = Usage()
    usage.report("a", OLD, 1000)
    usage.write(database)
    sync_tenants(instance, database)
    settings = Settings.from_environment(
        {"LOOPCTL_ROLLUP": f"{__name__}:{name}", "LOOPCTL_START_DATE": str(OLD)}
    )
    definitions = build_definitions(settings, resources={"database": database})
    DagsterProject(database, instance, definitions).run((OLD, OLD), ("a", "a"), [SUMMARIES])
    assert _stored_costs(database) == {2000}


def test_without_the_setting_it_is_the_sql_statement() -> None:
    assert Settings.from_environment({}).rollup is None
    assert isinstance(load_rollup(None), SqlRollup)


@pytest.mark.parametrize(
    "text", ["rollup", "package.module", "package module:Rollup", ":Rollup", "a:b:c", "a:b()"]
)
def test_a_setting_that_is_no_reference_is_named(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^LOOPCTL_ROLLUP must be package\.module:attribute"):
        Settings.from_environment({"LOOPCTL_ROLLUP": text})


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("no_such_package.rollup:Rollup", "No module named 'no_such_package'"),
        (f"{__name__}:NoSuchRollup", "has no attribute 'NoSuchRollup'"),
        (f"{__name__}:NO_ROLLUP", "has no roll_up method"),
    ],
)
def test_a_rollup_that_is_not_there_is_named_when_the_definitions_are_built(
    reference: str, problem: str
) -> None:
    with pytest.raises(SettingsError, match=problem) as raised:
        build_definitions(Settings(rollup=reference))
    assert str(raised.value).startswith("LOOPCTL_ROLLUP ")


@pytest.mark.parametrize("rollup", [NO_ROLLUP, date])
def test_a_resource_that_is_no_rollup_is_refused(database: Database, rollup: object) -> None:
    with pytest.raises(TypeError, match="The resource `rollup` must have a method `roll_up`"):
        build_definitions(Settings(), resources={"database": database, "rollup": rollup})
