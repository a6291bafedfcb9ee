"""Where the time of a night goes: its statements, one kind after the other, and a whole run."""

import os
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks.daily_costs import CONNECTIONS, WrongResultError
from benchmarks.outcome import Outcome, Ratio
from benchmarks.server import server_facts
from benchmarks.timing import Contender, Spread, interleave
from benchmarks.usage_generator import DAY
from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.detection import detect_anomalies
from loopctl_pipelines.costs.anomalies_check import anomalies_match_rule
from loopctl_pipelines.costs.errors import CheckError, DetectionError, RollupError, TenantWorkError
from loopctl_pipelines.costs.job_runs import run_daily_costs
from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.costs.list_prices_check import costs_match_list_prices
from loopctl_pipelines.costs.planning.rectangles import Rectangle
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.summaries.rollup import roll_up
from loopctl_pipelines.costs.summaries.summaries_match_reports import check_summaries
from loopctl_pipelines.costs.tenant_work.per_tenant import Work, run_per_tenant
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.orchestration.instance import dagster_instance
from loopctl_pipelines.partitions import tenant_order
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.sync import sync_tenants

_WHOLE, _STATEMENTS = "a Dagster run", "statements alone"


def dagster_overhead(url: str, dagster_url: str, rounds: int) -> Outcome:
    """Compare a run with its statements, on a day whose results are there already."""
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

        parts = _parts(database)
        contenders = [Contender(name, part) for name, part in parts.items()]
        times = interleave([*contenders, Contender(_WHOLE, run)], rounds, perf_counter)
    times[_STATEMENTS] = [sum(seconds) for seconds in zip(*map(times.get, parts), strict=True)]
    added = [
        1000 * (whole - part) / partitions.size
        for whole, part in zip(times[_WHOLE], times[_STATEMENTS], strict=True)
    ]
    facts = {"partitions": partitions.size, **server_facts(url)}
    database.close()
    return Outcome(
        "dagster",
        {**facts, "added per tenant and day (ms)": round(Spread.of(added).median, 2)},
        times,
        [Ratio("times the statements", _WHOLE, _STATEMENTS)],
        [
            "One run in this process; starting a process for it takes 2 to 3 s more.",
            "What is added: Dagster's events of two assets and three checks, budgets and plots.",
        ],
    )


def _parts(database: Database) -> dict[str, Callable[[], None]]:
    """Return the statements of a night, by what they do."""
    units = [TenantDays(tenant, DAY, DAY) for tenant in list_tenants(database).values()]
    rule = AnomalyRule()
    works: dict[str, tuple[Work[Any], type[TenantWorkError]]] = {
        "rollup": (roll_up, RollupError),
        "detection": (partial(detect_anomalies, rule=rule), DetectionError),
        "check of summaries": (check_summaries, CheckError),
        "check of list prices": (costs_match_list_prices({}).work, CheckError),
        "check of anomalies": (anomalies_match_rule(rule).work, CheckError),
    }

    def run(work: Work[Any], error: type[TenantWorkError]) -> None:
        for _ in run_per_tenant(database, units, work, error):
            pass

    return {name: partial(run, *given) for name, given in works.items()}
