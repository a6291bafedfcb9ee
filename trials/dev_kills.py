"""Runs, daemon, code server, webserver and all of `dev` are killed at random moments."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Final

import psutil

from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.orchestration.unfinished_runs import unfinished_runs
from loopctl_pipelines.partitions import partition_range, range_tags
from loopctl_pipelines_tests.cli.dev_process import Dev, background_dev, still_running
from loopctl_pipelines_tests.shell import Shell
from trials.command_kills import CommandKills
from trials.commands import LIMIT_SECONDS
from trials.cost_rows import stale_days
from trials.scene import Scene
from trials.server import WAYS
from trials.usage_of_trials import SLUGS, TrialDays, trial_days

ENDING: Final = ("daemon", "webserver", "dev", "all of dev")
"""Victims whose death ends `dev`."""

_RUNS = 4
_MOST_SECONDS = 12.0
"""How long a run takes, the import of Dagster included."""

_LEFT_OVER_SECONDS = 60.0

_LAUNCH = """
mutation Launch($parameters: ExecutionParams!) {
  launchRun(executionParams: $parameters) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""


@dataclass(frozen=True)
class _Launched:
    """Runs that were launched, and the days that they compute."""

    days: TrialDays
    ids: set[str]


class DevKills:
    """Kills what `dev` starts."""

    def __init__(self, scene: Scene) -> None:
        """Take where it runs."""
        self._scene = scene
        self._random = scene.random
        self._findings = scene.findings
        self._numbers = count()
        self._starts = count()
        self._days = list[TrialDays]()
        self._interrupted: tuple[str, _Launched] | None = None

    def all(self, kills: Mapping[str, int], restarts: int) -> None:
        """Kill each victim so many times, restart the server, and compare everything in the end."""
        ending = [name for name in ENDING for _ in range(kills[name])]
        self._random.shuffle(ending)
        with self._dev() as dev:
            while self._findings.trials["run"] < kills["run"]:
                self._kill_runs(dev, kills["run"] - self._findings.trials["run"])
            for number in range(kills["code server"]):
                self._kill_code_server(dev)
                self._progress("code server", number, kills["code server"])
            for number in range(restarts):
                self._restart_server(dev, list(WAYS)[number % len(WAYS)])
                self._progress("server below dev", number, restarts)
        for number, victim in enumerate(ending):
            with self._dev() as dev:
                self._put_right()
                self._end_dev(dev, victim)
                self._progress("end of dev", number, len(ending))
        with self._dev() as dev:
            self._put_right()
            self._settle(dev)
        self._compare()

    @contextmanager
    def _dev(self) -> Iterator[Dev]:
        scene = self._scene
        settings = {k: v for k, v in scene.environment.items() if k.startswith("LOOPCTL_")}
        settings.pop("LOOPCTL_HOME")
        shell = Shell(scene.folder / "home", **settings, COLUMNS="300")
        with background_dev(shell, scene.folder / f"dev-{next(self._starts)}.txt") as dev:
            yield dev
            if dev.command.poll() is None:
                left = dev.end(signal.SIGTERM)
                self._left_over("dev", left)

    def _kill_runs(self, dev: Dev, most: int) -> None:
        """Kill up to so many runs, each at a moment of its own."""
        launched = self._launch(dev)
        moments = dict[psutil.Process, float]()
        killed = 0
        limit = time.monotonic() + LIMIT_SECONDS
        while killed < most and time.monotonic() < limit and unfinished_runs(self._scene.instance):
            for worker in _workers(dev):
                moments.setdefault(worker, time.monotonic() + self._moment())
            for worker, moment in moments.items():
                if time.monotonic() >= moment and still_running([worker]):
                    with suppress(psutil.NoSuchProcess):
                        worker.kill()
                        killed += 1
            if len(moments) >= _RUNS and not still_running(list(moments)):
                break
            time.sleep(0.1)
        self._findings.trials["run"] += killed
        self._recovered("run", launched)
        print(f"runs killed: {self._findings.trials['run']}", flush=True)

    def _kill_code_server(self, dev: Dev) -> None:
        launched = self._launch(dev)
        time.sleep(self._moment())
        for server in dev.code_servers():
            server.kill()
        self._findings.trials["code server"] += 1
        self._recovered("code server", launched)
        if dev.command.poll() is not None:
            self._findings.fault("code server", "lost", f"dev ended: {_last_words(dev)!r}")

    def _restart_server(self, dev: Dev, way: str) -> None:
        victim = f"server below dev {way}"
        launched = self._launch(dev)
        writers = self._scene.writers(launched.days)
        with writers.writing():
            time.sleep(self._moment())
            self._scene.server.end_and_start(way, self._random)
        self._findings.trials[victim] += 1
        self._recovered(victim, launched)
        self._scene.check_written(victim, writers, launched.days)
        if dev.command.poll() is not None:
            self._findings.fault(victim, "lost", f"dev ended: {_last_words(dev)!r}")

    def _end_dev(self, dev: Dev, victim: str) -> None:
        """Kill what ends `dev`; the next one has to put everything right."""
        launched = self._launch(dev)
        time.sleep(self._moment())
        everything = dev.descendants()
        if victim == "all of dev":
            _kill_tree(dev)
        elif victim == "dev":
            dev.command.kill()
        else:
            for process in dev.descendants():
                if _is_part(process, victim):
                    process.kill()
        code = dev.command.wait(LIMIT_SECONDS)
        self._findings.trials[victim] += 1
        seen = 128 - code if code < 0 else code
        self._findings.saw(victim, f"dev: exit code {seen}, {_last_words(dev)!r}")
        self._left_over(victim, everything)
        self._interrupted = (victim, launched)

    def _put_right(self) -> None:
        """Wait until the runs of the `dev` before this one are ended, and compare."""
        if self._interrupted:
            self._recovered(*self._interrupted)
            self._interrupted = None

    def _launch(self, dev: Dev) -> "_Launched":
        """Launch runs over the days of a new trial, as a person does in the UI."""
        ids = set[str]()
        days = trial_days(next(self._numbers))
        self._scene.summarize_as_loopctl(days)
        self._days.append(days)
        size = len(days.all) // _RUNS
        for first in range(0, len(days.all), size):
            span = (days.all[first], days.all[first + size - 1])
            tags = range_tags(partition_range(span, (SLUGS[0], SLUGS[-1])))
            parameters = {
                "selector": {
                    "repositoryLocationName": "loopctl_pipelines.definitions",
                    "repositoryName": "__repository__",
                    "jobName": DAILY_COSTS,
                },
                "mode": "default",
                "executionMetadata": {
                    "tags": [{"key": key, "value": value} for key, value in tags.items()]
                },
            }
            ids.add(self._launched(dev, parameters))
        return _Launched(days, ids)

    def _launched(self, dev: Dev, parameters: Mapping[str, object]) -> str:
        """Launch a run, again while the code server starts; return its id."""
        limit = time.monotonic() + LIMIT_SECONDS
        while True:
            answer = dev.graphql(_LAUNCH, parameters=parameters)["launchRun"]
            if answer["__typename"] == "LaunchRunSuccess":
                return str(answer["run"]["runId"])
            assert time.monotonic() < limit, answer
            time.sleep(0.5)

    def _recovered(self, victim: str, launched: "_Launched") -> None:
        """Wait until no run is unfinished, and compare."""
        self._wait(lambda: not unfinished_runs(self._scene.instance))
        self._scene.check_runs(victim)
        self._scene.check_materialized(victim, launched.days)
        for run in self._scene.instance.get_runs():
            if run.run_id in launched.ids:
                self._findings.saw(victim, f"a run under way: {self._scene.end_of(run)}")

    def _settle(self, dev: Dev) -> None:
        """Wait until the sensor has computed all stale days."""
        days = [day for each in self._days for day in each.all]
        self._wait(
            lambda: (
                not stale_days(self._scene.database, days)
                and not unfinished_runs(self._scene.instance)
            )
        )
        for tenant, day in stale_days(self._scene.database, days):
            self._findings.fault("dev", "stuck", f"{day} of {tenant} stays stale")
        assert dev.command.poll() is None

    def _compare(self) -> None:
        """Compute all days again; then everything must be right."""
        quiet = [day for each in self._days for day in each.all]
        CommandKills(self._scene).recompute("dev", TrialDays(tuple(quiet), (), ()))

    def _moment(self) -> float:
        return self._random.uniform(0, _MOST_SECONDS)

    def _left_over(self, victim: str, processes: list[psutil.Process]) -> None:
        """Report processes that do not end; a code server looks every 30 s for its parent."""
        self._wait(lambda: not still_running(processes), _LEFT_OVER_SECONDS)
        for process in still_running(processes):
            with suppress(psutil.NoSuchProcess):
                line = " ".join(process.cmdline())
                self._findings.fault(victim, "stuck", f"left over: {line}")
                process.kill()

    @staticmethod
    def _wait(until: Callable[[], bool], seconds: float = LIMIT_SECONDS) -> None:
        limit = time.monotonic() + seconds
        while not until() and time.monotonic() < limit:
            time.sleep(0.5)

    @staticmethod
    def _progress(name: str, number: int, total: int) -> None:
        print(f"{name}: {number + 1} of {total}", flush=True)


def _workers(dev: Dev) -> list[psutil.Process]:
    """Return the processes of runs."""
    return [p for p in dev.descendants() if "spawn_main" in " ".join(_command_line(p))]


def _is_part(process: psutil.Process, name: str) -> bool:
    line = " ".join(_command_line(process))
    return {"daemon": "dagster-daemon", "webserver": "ui.webserver"}[name] in line


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _kill_tree(dev: Dev) -> None:
    """Kill every process, as the end of a machine's power does."""
    leader, stopped = psutil.Process(dev.command.pid), set[psutil.Process]()
    # stopped first, so that none starts another one meanwhile
    while new := {leader, *dev.descendants()} - stopped:
        for process in new:
            process.suspend()
        stopped |= new
    for process in stopped:
        process.kill()


def _last_words(dev: Dev) -> str:
    lines = [line.strip() for line in dev.printed.read_text(errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "nothing")
