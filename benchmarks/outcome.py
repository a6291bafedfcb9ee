"""What a benchmark found, as a table for a person and as JSON to keep."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.timing import Spread, Times, ratio

Fact = int | float | str


@dataclass(frozen=True, slots=True)
class Ratio:
    """A question that two contenders answer, and the goal if there is one.

    Attributes:
        question: what the quotient says.
        numerator: the contender whose time is divided.
        denominator: the contender by whose time it is divided.
        least: the goal, where the median is to be at least this.
        most: the goal, where the median is to be at most this.
    """

    question: str
    numerator: str
    denominator: str
    least: float | None = None
    most: float | None = None

    @property
    def goal(self) -> str:
        """The goal in words; empty where there is none."""
        if self.least is not None:
            return f"at least {self.least:g}"
        return f"at most {self.most:g}" if self.most is not None else ""

    def verdict(self, median: float) -> str:
        """Tell whether `median` meets the goal; empty where there is none."""
        if not self.goal:
            return ""
        low_enough = self.most is None or median <= self.most
        return "met" if low_enough and median >= (self.least or 0.0) else "MISSED"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one benchmark.

    Attributes:
        name: the benchmark's name in the registry.
        facts: how much there was to do, and under which conditions.
        times: seconds of every run.
        ratios: what is asked of the times.
        notes: what a reader has to know to judge the ratios.
    """

    name: str
    facts: Mapping[str, Fact]
    times: Times
    ratios: Sequence[Ratio] = ()
    notes: Sequence[str] = field(default=())

    def show(self, console: Console) -> None:
        """Print facts, times, ratios and notes."""
        console.print(f"\n[bold]{self.name}[/bold]")
        console.print("; ".join(f"{name} {_text(fact)}" for name, fact in self.facts.items()))
        console.print(self._times_table())
        console.print(self._ratios_table())
        for note in self.notes:
            console.print(f"- {note}", highlight=False)

    def save(self, folder: Path, started: str) -> Path:
        """Write `<folder>/<started>-<name>.json` and return its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{started}-{self.name}.json"
        ratios = [asdict(asked) | asdict(self._answer(asked)) for asked in self.ratios]
        document = {
            "benchmark": self.name,
            "started": started,
            "facts": dict(self.facts),
            "seconds": {name: list(runs) for name, runs in self.times.items()},
            "spreads": {name: asdict(Spread.of(runs)) for name, runs in self.times.items()},
            "ratios": ratios,
            "notes": list(self.notes),
        }
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        return path

    def _answer(self, asked: Ratio) -> Spread:
        return ratio(self.times, asked.numerator, asked.denominator)

    def _times_table(self) -> Table:
        table = Table("contender", title="seconds", title_justify="left")
        for column in ("runs", "median", "quartiles", "min - max"):
            table.add_column(column, justify="right")
        for name, runs in self.times.items():
            spread = Spread.of(runs)
            table.add_row(
                name,
                str(len(runs)),
                f"{spread.median:.3f}",
                f"{spread.lower_quartile:.3f} - {spread.upper_quartile:.3f}",
                f"{spread.low:.3f} - {spread.high:.3f}",
            )
        return table

    def _ratios_table(self) -> Table:
        table = Table("ratio, of runs of the same round", title="ratios", title_justify="left")
        for column in ("median", "min - max", "goal", ""):
            table.add_column(column, justify="right")
        for asked in self.ratios:
            found = self._answer(asked)
            table.add_row(
                asked.question,
                f"{found.median:.1f}",
                f"{found.low:.1f} - {found.high:.1f}",
                asked.goal,
                asked.verdict(found.median),
            )
        return table


def _text(fact: Fact) -> str:
    return fact if isinstance(fact, str) else f"{fact:,}"
