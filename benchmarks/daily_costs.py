"""The rollup and the detection: the reference's way, ours, and the least there is to do."""

from datetime import datetime, time, timedelta
from functools import partial
from time import perf_counter
from typing import TypeVar

import psycopg
from psycopg import sql

from benchmarks import reference_way
from benchmarks.outcome import Outcome, Ratio
from benchmarks.server import server_facts
from benchmarks.timing import Contender, interleave
from benchmarks.usage_generator import DAY
from loopctl_pipelines.anomaly_rule import AnomalyRule, RuleKind
from loopctl_pipelines.costs.anomalies.detection import detect_anomalies
from loopctl_pipelines.costs.baselines_asset import baselines_work
from loopctl_pipelines.costs.errors import (
    BaselineError,
    DetectionError,
    RollupError,
    TenantWorkError,
)
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.summaries.rollup import roll_up
from loopctl_pipelines.costs.tenant_work.per_tenant import Failed, Work, run_per_tenant
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.tenants.operator_queries import list_tenants

CONNECTIONS = 4
_CALIBRATED = AnomalyRule(rule=RuleKind.CALIBRATED)
Day = TypeVar("Day")


class WrongResultError(Exception):
    """Two contenders that should agree do not, so their times say nothing."""


class DailyCosts:
    """A filled database, and the contenders that work on it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._database = Database(url, "loopctl_app", connections=CONNECTIONS)
        self._reference = reference_way.connect(url)
        self._units = [TenantDays(t, DAY, DAY) for t in list_tenants(self._database).values()]
        self._digests: dict[str, tuple[object, ...]] = {}

    def rollup(self, rounds: int) -> Outcome:
        """Compare ways to compute the day's summaries."""
        empty = partial(self._empty, "cost_summaries")
        check = partial(self._agree, "summaries_digest")
        ours = partial(self._ours, roll_up, RollupError)
        contenders = [
            Contender("bare scan", self._scan, self._warm),
            Contender(
                "the reference's way",
                partial(reference_way.roll_up, self._reference),
                empty,
                check,
            ),
            Contender("ours", ours, empty, check),
            Contender("ours again, nothing changed", ours, self._warm, check),
        ]
        times = interleave(contenders, rounds, perf_counter)
        return Outcome(
            "rollup",
            self._facts("cost_summaries"),
            times,
            [
                Ratio("times faster than the reference", "the reference's way", "ours", least=15),
                Ratio("times the bare scan", "ours", "bare scan", most=20),
                Ratio("of it, where nothing changed", "ours again, nothing changed", "ours"),
            ],
            ["The summaries of both ways are equal in every column, in each round."],
        )

    def anomalies(self, rounds: int) -> Outcome:
        """Compare ways to find the day's anomalies, of which there are none at the start."""
        empty = partial(self._empty, "cost_anomalies, audit_log")
        check = partial(self._agree, "anomalies_digest")
        work = partial(detect_anomalies, rule=AnomalyRule())
        ours = partial(self._ours, work, DetectionError)
        self._ours(roll_up, RollupError)
        contenders = [
            Contender(
                "the reference's way", partial(reference_way.detect, self._reference), empty, check
            ),
            Contender("ours", ours, empty, check),
            Contender("ours again, nothing changed", ours, self._warm, check),
        ]
        times = interleave(contenders, rounds, perf_counter)
        return Outcome(
            "anomalies",
            self._facts("cost_anomalies"),
            times,
            [
                Ratio("times faster than the reference", "the reference's way", "ours", least=4),
                Ratio("of it, where nothing changed", "ours again, nothing changed", "ours"),
            ],
            ["Both ways find the same anomalies and write as many audit rows, in each round."],
        )

    def calibrated(self, rounds: int) -> Outcome:
        """Compare the calibrated rule, with a history of 30 days, with the reference's."""
        empty = partial(self._empty, "cost_anomalies, audit_log")
        self._ours(roll_up, RollupError)
        self._fill_history()
        reference = partial(detect_anomalies, rule=AnomalyRule())
        calibrated = partial(detect_anomalies, rule=_CALIBRATED)

        def baselines() -> None:
            self._ours(baselines_work(self._database, self._units, _CALIBRATED), BaselineError)

        def both() -> None:
            baselines()
            self._ours(calibrated, DetectionError)

        contenders = [
            Contender(
                "the reference's rule", partial(self._ours, reference, DetectionError), empty
            ),
            Contender("baselines", baselines, self._warm),
            Contender("baselines and the calibrated rule", both, empty),
        ]
        times = interleave(contenders, rounds, perf_counter)
        empty()  # what is measured next expects the anomalies of the reference's rule
        self._ours(reference, DetectionError)
        return Outcome(
            "calibrated",
            self._facts("cost_anomalies"),
            times,
            [
                Ratio(
                    "times the detection by the reference's rule",
                    "baselines and the calibrated rule",
                    "the reference's rule",
                    most=2,
                )
            ],
            ["All three are this project's; the history are 30 copies of the day's own counts."],
        )

    def close(self) -> None:
        """Close the connections."""
        self._reference.close()
        self._database.close()

    def _ours(self, work: Work[Day], error: type[TenantWorkError]) -> None:
        for ended in run_per_tenant(self._database, self._units, work, error):
            if isinstance(ended, Failed):
                raise WrongResultError(str(ended.error))

    def _fill_history(self) -> None:
        """Compute the day's baselines, and copy them to the 30 days before."""
        for _ in range(2):  # without a usual cost, the first time counts no ratios
            work = baselines_work(self._database, self._units, _CALIBRATED)
            self._ours(work, BaselineError)
            with psycopg.connect(self._url, autocommit=True) as connection:
                for name in ("fill_baselines", "fill_project_baselines"):
                    connection.execute(statement(__package__, name), {"day": DAY})
                connection.execute("VACUUM (ANALYZE)")

    def _scan(self) -> None:
        last = datetime.combine(DAY + timedelta(days=1), time()) - timedelta(microseconds=1)
        window = {"first": datetime.combine(DAY, time()), "last": last}
        self._reference.execute(statement(__package__, "bare_scan"), window).fetchall()

    def _empty(self, tables: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f"TRUNCATE {tables}".encode())
        self._warm()

    def _warm(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    def _agree(self, digest: str) -> None:
        found = self._row(digest)
        if self._digests.setdefault(digest, found) != found:
            raise WrongResultError(digest)

    def _row(self, name: str) -> tuple[object, ...]:
        with psycopg.connect(self._url) as connection:
            return connection.execute(statement(__package__, name)).fetchone() or ()

    def _facts(self, table: str) -> dict[str, int | float | str]:
        count = sql.SQL("SELECT count(*) FROM {}")
        with psycopg.connect(self._url) as connection:
            counts = {
                name: connection.execute(count.format(sql.Identifier(name))).fetchone()
                for name in ("token_usage_reports", "tenants", "stories", table)
            }
        rows = {name.replace("_", " "): row[0] for name, row in counts.items() if row}
        return {**rows, "connections": CONNECTIONS, **server_facts(self._url)}
