"""Where trials take place: a server, its databases, and Dagster's instance."""

import base64
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from dagster import DagsterEventType, DagsterInstance, DagsterRun

from loopctl_pipelines.costs.asset_keys import ANOMALIES, SUMMARIES
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.embedded import DAGSTER_DATABASE_NAME, DATABASE_NAME
from loopctl_pipelines.database.upgrade import LOOPCTL_ROLE, upgrade
from loopctl_pipelines.orchestration.heartbeats.dead_runs import end_dead_runs, has_died
from loopctl_pipelines.orchestration.instance import dagster_instance
from loopctl_pipelines.orchestration.unfinished_runs import unfinished_runs
from loopctl_pipelines.partitions import day_and_slug
from loopctl_pipelines_tests.costs.runs import detect_all, roll_up_all, unit
from loopctl_pipelines_tests.knowledge.embedding.knowledge import CLOAK_KEY, Knowledge
from loopctl_pipelines_tests.usage import Usage, id_of
from trials.commands import LIMIT_SECONDS, Commands
from trials.cost_rows import TenantDay, anomaly_faults, read_reports, stale_days, wrong_days
from trials.extractions import KILLED, REQUESTS, SPARED, Extractions
from trials.findings import Findings
from trials.messages_process import messages_process
from trials.payments import Payments
from trials.server import TrialServer
from trials.usage_of_trials import SLUGS, START, TrialDays, usage_of_trials
from trials.writers import Writers


@dataclass(frozen=True)
class Scene:
    """What the trials of one LOOPCTL_HOME share."""

    folder: Path
    environment: dict[str, str]
    server: TrialServer
    database: Database
    instance: DagsterInstance
    commands: Commands
    payments: Payments
    extractions: Extractions
    usage: Usage
    random: Random
    findings: Findings

    def summarize_as_loopctl(self, days: TrialDays) -> None:
        """Compute the days that loopctl has computed before the trial."""
        units = [unit(slug, days.marked[0], days.late[-1]) for slug in SLUGS]
        roll_up_all(self.database, units)
        detect_all(self.database, units)

    def writers(self, days: TrialDays) -> Writers:
        """Return writers on the days of a trial."""
        return Writers(
            self.database,
            self.usage.reports,
            marked=days.marked,
            late=days.late,
            random=Random(self.random.random()),
        )

    def materialized(self) -> set[TenantDay]:
        """Return the days of tenants that Dagster shows as materialized, for both assets."""
        keys = [self.instance.get_materialized_partitions(key) for key in (SUMMARIES, ANOMALIES)]
        parsed = map(day_and_slug, keys[0] & keys[1])
        return {(id_of(slug), day) for day, slug in parsed}

    def check_materialized(self, victim: str, days: TrialDays) -> None:
        """Report each materialized day whose rows are not right, and nobody knows."""
        reports = read_reports(self.database, days.quiet + days.marked)
        wrong = wrong_days(self.database, reports, unless_stale=days.marked)
        for day in wrong.keys() & self.materialized():
            self.findings.fault(victim, "lost", f"shown as materialized: {wrong[day]}")

    def check_computed(self, victim: str, days: TrialDays) -> None:
        """Report what is not right after everything was computed again."""
        reports = read_reports(self.database, days.all)
        for sentence in wrong_days(self.database, reports).values():
            self.findings.fault(victim, "lost", sentence)
        for tenant, day in stale_days(self.database, days.all):
            self.findings.fault(victim, "lost", f"{day} of {tenant} is stale still")
        for kind, sentence in anomaly_faults(self.database, reports):
            self.findings.fault(victim, kind, sentence)
        wanted = {(id_of(slug), day) for slug in SLUGS for day in days.all}
        for tenant, day in wanted - self.materialized():
            self.findings.fault(victim, "lost", f"{day} of {tenant} is not materialized")

    def check_written(self, victim: str, writers: Writers, days: TrialDays) -> None:
        """Report what writers wrote, and the server acknowledged, and is not there."""
        found = {
            row.id: row.deleted_at is not None for row in read_reports(self.database, days.all).rows
        }
        for report, deleted in writers.acknowledged.items():
            if found.get(report) is not deleted:
                self.findings.fault(victim, "lost", f"the writers' report {report}")
        notes = self.findings.notes
        notes["reports written, corrected and deleted meanwhile"] += len(writers.acknowledged)
        notes["writes repeated after a deadlock"] += writers.deadlocks

    def check_runs(self, victim: str) -> None:
        """Report runs that stay unfinished though nothing works on them.

        The daemon looks for them every 30 s, and a command at its start.
        """
        limit = time.monotonic() + LIMIT_SECONDS
        while unfinished_runs(self.instance) and time.monotonic() < limit:
            end_dead_runs(self.instance)
            time.sleep(1)
        for run in unfinished_runs(self.instance):
            self.findings.fault(victim, "stuck", f"run {run.run_id} is {run.status.value}")

    def saw_dead_runs(self, victim: str, before: set[str]) -> None:
        """Count what Dagster shows of the runs, other than these, whose process had died."""
        for run in self.instance.get_runs():
            if run.run_id not in before and has_died(run):
                self.findings.saw(victim, f"its run: {self.end_of(run)}")

    def run_ids(self) -> set[str]:
        """Return the ids of all runs."""
        return {run.run_id for run in self.instance.get_runs()}

    def end_of(self, run: DagsterRun) -> str:
        """Return how a run has ended: its failure's sentence, or its status."""
        events = self.instance.all_logs(run.run_id, of_type=DagsterEventType.RUN_FAILURE)
        return next((event.get_dagster_event().message or "" for event in events), run.status.value)


@contextmanager
def scene(trials: int, seed: str, findings: Findings) -> Iterator[Scene]:
    """Give out a scene with usage for so many trials."""
    random = Random(seed)
    with TemporaryDirectory(prefix="loopctl-trials-") as name:
        folder = Path(name)
        home = folder / "home"
        with TrialServer(home) as server:
            url = server.url(DATABASE_NAME)
            upgrade(url)
            os.environ["LOOPCTL_DAGSTER_URL"] = server.url(DAGSTER_DATABASE_NAME)
            with closing(Database(url, LOOPCTL_ROLE)) as database:
                usage = usage_of_trials(trials, random)
                usage.write(database)
                payments = Payments(Knowledge(database))
                with (
                    payments.provider() as address,
                    messages_process() as vendor,
                    dagster_instance(home) as instance,
                ):
                    environment = _environment(home, address, vendor.base_url)
                    yield Scene(
                        folder,
                        environment,
                        server,
                        database,
                        instance,
                        Commands(environment, folder),
                        payments,
                        Extractions(database, vendor),
                        usage,
                        random,
                        findings,
                    )


def _environment(home: Path, provider: str, vendor: str) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("LOOPCTL", "DAGSTER"))}
    return {
        **inherited,
        "LOOPCTL_HOME": str(home),
        "LOOPCTL_START_DATE": str(START),
        "LOOPCTL_CLOAK_KEY": base64.b64encode(CLOAK_KEY).decode(),
        "LOOPCTL_EMBEDDING_BASE_URL": provider,
        "LOOPCTL_ANTHROPIC_BASE_URL": vendor,
        "LOOPCTL_EXTRACTION_REQUESTS": str(REQUESTS),
        "LOOPCTL_EXTRACT_REVIEWS": ",".join((*KILLED, *SPARED)),
    }
