"""What Dagster adds to the statements: a run of `daily_costs` against its statements alone."""

import os
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.daily_costs import CONNECTIONS, WrongResultError
from benchmarks.outcome import Outcome, Ratio
from benchmarks.server import server_facts
from benchmarks.timing import Contender, Spread, interleave
from benchmarks.usage_generator import DAY
from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.detection import detect_anomalies
from loopctl_pipelines.costs.errors import DetectionError, RollupError
from loopctl_pipelines.costs.job_runs import run_daily_costs
from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.costs.planning.rectangles import Rectangle
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.summaries.rollup import roll_up
from loopctl_pipelines.costs.tenant_work.per_tenant import run_per_tenant
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.orchestration.instance import dagster_instance
from loopctl_pipelines.partitions import tenant_order
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.sync import sync_tenants

_ASSETS = 2


def dagster_overhead(url: str, dagster_url: str, rounds: int) -> Outcome:
    """Compare both on a day whose results are there already, so that little else is to do."""
    # dagster.yaml takes the URL from there, and definitions.py sets the size of event batches
    os.environ["LOOPCTL_DAGSTER_URL"] = dagster_url
    database = Database(url, "loopctl_app", connections=CONNECTIONS)
    settings = Settings(start_date=StartDate(date(2026, 4, 1)), connections=CONNECTIONS)
    job = build_definitions(settings, resources={"database": database}).resolve_job_def(DAILY_COSTS)
    with TemporaryDirectory() as home, dagster_instance(Path(home)) as instance:
        sync_tenants(instance, database)
        partitions = Rectangle(DAY, DAY, tuple(tenant_order(instance)))

        def run() -> None:
            failure = run_daily_costs(instance, job, partitions).failure
            if failure is not None:
                raise WrongResultError(failure)

        contenders = [
            Contender("statements alone", partial(_statements, database)),
            Contender("a Dagster run", run),
        ]
        times = interleave(contenders, rounds, perf_counter)
    added = [
        1000 * (whole - part) / partitions.size / _ASSETS
        for whole, part in zip(times["a Dagster run"], times["statements alone"], strict=True)
    ]
    facts = {"partitions": partitions.size, "assets": _ASSETS, **server_facts(url)}
    database.close()
    return Outcome(
        "dagster",
        {**facts, "added per materialization (ms)": round(Spread.of(added).median, 2)},
        times,
        [Ratio("times the statements", "a Dagster run", "statements alone")],
        ["One run in this process; starting a process for it takes 2 to 3 s more."],
    )


def _statements(database: Database) -> None:
    units = [TenantDays(tenant, DAY, DAY) for tenant in list_tenants(database).values()]
    detect = partial(detect_anomalies, rule=AnomalyRule())
    list(run_per_tenant(database, units, roll_up, RollupError))
    list(run_per_tenant(database, units, detect, DetectionError))
