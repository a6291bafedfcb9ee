"""What a command says at its end about the runs that it started."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from loopctl_pipelines.cli.json_output import print_json
from loopctl_pipelines.terminal import Terminal

if TYPE_CHECKING:
    from loopctl_pipelines.orchestration.in_process_runs import EndedRun

_TAG: Final = "loopctl/command"
_SHOWN_RUNS: Final = 5


@dataclass(frozen=True, slots=True)
class CommandRuns:
    """The runs of one command, which share a tag.

    Attributes:
        command: the tag's value, such as `backfill-1a2b3c4d`.
    """

    command: str

    @classmethod
    def of(cls, name: str) -> "CommandRuns":
        """Return those of a command that begins now."""
        return cls(f"{name}-{token_hex(4)}")

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags of each run."""
        return {_TAG: self.command}

    @property
    def url(self) -> str | None:
        """The runs in the Dagster UI; None unless LOOPCTL_UI_URL says where that is."""
        address = os.environ.get("LOOPCTL_UI_URL", "").strip().rstrip("/")
        wanted = quote(f"tag:{_TAG}={self.command}", safe="")
        return f"{address}/runs?q%5B%5D={wanted}" if address else None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What the runs of a command did.

    Attributes:
        of: what was counted, such as `partitions`.
        counts: how many, by what happened to them.
        run_ids: of all runs.
        failures: a sentence for each run that failed.
    """

    of: str
    counts: Mapping[str, int]
    run_ids: Sequence[str]
    failures: Sequence[str] = field(default=())

    @classmethod
    def of_runs(
        cls, of: str, counts: Mapping[str, int], ended: Sequence["EndedRun"]
    ) -> "RunSummary":
        """Return the summary of these runs."""
        failures = [run.failure for run in ended if run.failure]
        return cls(of, counts, [run.run_id for run in ended], failures)

    def as_json(self, runs: CommandRuns) -> dict[str, object]:
        """Return what `--json` prints."""
        return {
            "command": runs.command,
            self.of: dict(self.counts),
            "runs": list(self.run_ids),
            "failures": list(self.failures),
            "url": runs.url,
        }

    def show(self, runs: CommandRuns, *, as_json: bool = False) -> None:
        """Print the summary to stdout, for people or as JSON."""
        if as_json:
            print_json(self.as_json(runs))
        else:
            self.print(Terminal(), runs)

    def print_failures(self, console: Terminal) -> None:
        """Print the sentence of each run that failed."""
        for failure in self.failures:
            console.print(failure, style="red")

    def print(self, console: Terminal, runs: CommandRuns) -> None:
        """Print counts, runs and link, a line each."""
        counts = ", ".join(f"{name} {count:,}" for name, count in self.counts.items())
        console.print(f"{self.of.capitalize()}: {counts}.")
        if self.run_ids:
            shown = ", ".join(run_id[:8] for run_id in self.run_ids[:_SHOWN_RUNS])
            more = len(self.run_ids) - _SHOWN_RUNS
            rest = f" and {more} more" if more > 0 else ""
            tag = f"tag {_TAG}={runs.command}"
            console.print(f"Runs: {shown}{rest}; {tag}", soft_wrap=True)
            if runs.url:
                console.print(runs.url, soft_wrap=True)
