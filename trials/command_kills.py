"""Commands are killed at random moments, and run again."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path

from trials.commands import Command
from trials.extractions import KILLED, REQUESTS, SPARED
from trials.scene import Scene
from trials.usage_of_trials import TrialDays

KILLS_OF_A_TRIAL = 4
EXTRACTION_KILLS_OF_A_TRIAL = 25
_INGEST_EVERY, _START_EVERY = 4, 5
_LOADED = 1_500


class CommandKills:
    """Kills `backfill`, `embed`, `load`, and extractions."""

    def __init__(self, scene: Scene) -> None:
        """Take where they run."""
        self._scene = scene
        self._random = scene.random
        self._seconds = {"backfill": 3.0, "embed": 3.0, "load": 1.5, "extract": 4.0}
        self._numbers = count()

    def backfills(self, days: TrialDays, kills: int) -> None:
        """Kill so many backfills of these days, beside writers; the last one is left alone."""
        scene, victim = self._scene, "backfill"
        scene.summarize_as_loopctl(days)
        before, writers = scene.run_ids(), scene.writers(days)
        with writers.writing():
            for _ in range(kills):
                self._kill(victim, self._command(victim, *days.arguments))
                with writers.paused():
                    scene.check_materialized(victim, days)
            self.end_well(victim, scene.commands.start(victim, *days.arguments))
            with writers.paused():
                scene.check_materialized(victim, days)
        scene.check_runs(victim)
        scene.saw_dead_runs(victim, before)
        self.recompute(victim, days)
        scene.check_written(victim, writers, days)

    def embeds(self, kills: int) -> None:
        """Kill so many embeddings, each of tenants of its own; then embed all their articles."""
        scene, victim = self._scene, "embed"
        before, slugs = scene.run_ids(), list[str]()
        for _ in range(kills):
            own = self.readers(2)
            slugs += own
            self._kill(victim, self._command(victim, *tenant_options(own)))
            again = scene.payments.process_was_killed(own)
            scene.findings.notes["vectors that were paid for again after a kill"] += again
        # waits for the leases of the dead ones
        self.end_well(victim, scene.commands.start(victim, *tenant_options(slugs)))
        for kind, sentence in scene.payments.faults(slugs):
            scene.findings.fault(victim, kind, sentence)
        scene.check_runs(victim)
        scene.saw_dead_runs(victim, before)

    def loads(self, kills: int) -> None:
        """Kill so many loads of a file; the last one is left alone."""
        scene, victim = self._scene, "load"
        path, costs = self._usage_file()
        slugs = sorted(costs)
        for _ in range(kills):
            self._kill(victim, self._command(victim, str(path)))
            for slug, found in self._loaded(slugs).items():
                if found not in {(0, 0), costs[slug]}:
                    scene.findings.fault(victim, "lost", f"{slug} has {found} of {costs[slug]}")
        self.end_well(victim, scene.commands.start(victim, str(path)))
        for slug, found in self._loaded(slugs).items():
            if found != costs[slug]:
                kind = "doubled" if found > costs[slug] else "lost"
                scene.findings.fault(victim, kind, f"{slug} has {found} of {costs[slug]}")

    def extractions(self, kills: int) -> None:
        """Kill so many extractions, each of which goes on with what the one before has left.

        Every fourth is an `ingest` of one tenant's document, the others are runs over all tenants.
        Every fifth is killed while it starts, the others after the vendor's first answer.
        """
        scene, victim, extractions = self._scene, "extract", self._scene.extractions
        before, notes = scene.run_ids(), scene.findings.notes
        extractions.tenants()
        for number in range(kills):
            files = extractions.hand_in(scene.folder)
            start: Callable[[], Command] = partial(scene.commands.start_extraction, KILLED)
            if number % _INGEST_EVERY == 0:
                slug, file = self._random.choice(list(zip(KILLED, files, strict=True)))
                start = partial(scene.commands.start, "ingest", str(file), "--tenant", slug)
            is_early = number % _START_EVERY == 0
            self._kill(victim, start, None if is_early else extractions.wait_for_an_answer)
            lost = extractions.process_was_killed()
            if lost > REQUESTS:
                scene.findings.fault(victim, "doubled", f"{lost} texts were lost by one kill")
            notes["texts that were paid for again after a kill"] += lost
            notes["kills that lost such texts"] += lost > 0
            most = "most such texts of one kill"
            notes[most] = max(notes[most], lost)
        for slugs in (KILLED, SPARED):
            self.end_well(victim, scene.commands.start_extraction(slugs))
        for kind, sentence in extractions.faults():
            scene.findings.fault(victim, kind, sentence)
        scene.check_runs(victim)
        scene.saw_dead_runs(victim, before)

    def readers(self, tenants: int) -> list[str]:
        """Add so many tenants with articles; return their slugs."""
        slugs = [f"reader-{next(self._numbers):03}" for _ in range(tenants)]
        for slug in slugs:
            self._scene.payments.tenant(slug)
        return slugs

    def end_well(self, victim: str, command: Command) -> None:
        """Wait for a command that is not killed; it must end with exit code 0."""
        code = command.wait()
        self._scene.findings.saw(victim, f"run again: exit code {code}, {command.last_words!r}")
        if code != 0:
            kind = "stuck" if code is None else "unclear"
            self._scene.findings.fault(
                victim, kind, f"{code}: {command.last_words!r}{command.traceback}"
            )

    def outlast(self, victim: str, *arguments: str) -> Callable[[], None]:
        """Start a command below which the server ends; return how to wait for its good end.

        It outlasts the outage, or says what is wrong, and is run again.
        """
        command = self._scene.commands.start(*arguments)

        def wait() -> None:
            code = command.wait()
            seen = f"`{arguments[0]}`: exit code {code}, {command.last_words!r}"
            self._scene.findings.saw(victim, seen)
            if code is None:
                self._scene.findings.fault(victim, "stuck", seen)
            elif code != 0:
                kind = "that had begun" if command.has_begun else "that began meanwhile"
                self._scene.findings.notes[f"commands {kind} and ended with the server"] += 1
                self.end_well(victim, self._scene.commands.start(*arguments))

        return wait

    def recompute(self, victim: str, days: TrialDays) -> None:
        """Compute the days again, as the sensor and the weekly job do; then all must be right."""
        self.end_well(victim, self._scene.commands.start("backfill", *days.arguments, "--anew"))
        self._scene.check_computed(victim, days)

    def _command(self, *arguments: str) -> Callable[[], Command]:
        return partial(self._scene.commands.start, *arguments)

    def _kill(
        self,
        victim: str,
        start: Callable[[], Command],
        wait: Callable[[Command], None] | None = None,
    ) -> None:
        """Start the command, wait for a moment if so asked, and kill it before its end."""
        findings = self._scene.findings
        for _ in range(10):
            command = start()
            if wait:
                wait(command)
            moment = self._random.uniform(0, self._seconds[victim])
            command.process.join(moment)
            was_running, left = command.kill()
            if was_running:
                break
            # it was faster: it lasted less than assumed
            self._seconds[victim] = min(self._seconds[victim], 0.2 + moment)
        else:
            findings.fault(victim, "unclear", "it ends before it can be killed")
        findings.trials[victim] += 1
        findings.saw(victim, f"killed: exit code {128 - (command.process.exitcode or 0)}")
        for process in left:
            with suppress(Exception):
                findings.fault(victim, "stuck", f"left over: {process.cmdline()}")

    def _usage_file(self) -> tuple[Path, dict[str, tuple[int, int]]]:
        """Write a file; return its path, and reports and millicents of each tenant's slug."""
        trial = next(self._numbers)
        path = self._scene.folder / f"usage-{trial}.csv"
        costs = dict[str, tuple[int, int]]()
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["tenant", "project", "epic", "story", "agent", "model", "at", "cost"])
            for tenant in range(3):
                slug = f"loaded-{trial}-{tenant}"
                for number in range(_LOADED):
                    dollars = (number % 90 + 1) / 100
                    at = f"2026-02-{number % 28 + 1:02}T03:04:{number % 60:02}Z"
                    rows.writerow([slug, "p", "e", f"s{number % 9}", "a", "glm-5", at, dollars])
                cents = sum(number % 90 + 1 for number in range(_LOADED))
                costs[slug] = (_LOADED, 1_000 * cents)
        return path, costs

    def _loaded(self, slugs: Sequence[str]) -> dict[str, tuple[int, int]]:
        with self._scene.database.operator_transaction() as connection:
            rows = connection.execute(
                "SELECT slug, count(report.id), coalesce(sum(cost_millicents), 0)::bigint"
                " FROM tenants LEFT JOIN token_usage_reports AS report"
                " ON report.tenant_id = tenants.id WHERE slug = ANY(%s) GROUP BY slug",
                [list(slugs)],
            ).fetchall()
        return dict.fromkeys(slugs, (0, 0)) | {slug: (n, cost) for slug, n, cost in rows}


def tenant_options(slugs: Sequence[str]) -> Iterator[str]:
    """Return the tenants as options of a command."""
    return (part for slug in slugs for part in ("--tenant", slug))
