"""What the trials have found, as a table for a person."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from rich.console import Console
from rich.table import Table

FAULTS: Final = ("lost", "doubled", "stuck", "unclear")
"""Kinds of faults; `unclear` is a trial that could not be judged, such as one without an end."""

_SHOWN: Final = 5
"""How many faults of a kind are printed; all are counted."""

_NUMBER: Final = re.compile(r"(?<!exit code )(?<!\d)\d[\d,.:]*")


@dataclass
class Findings:
    """Trials by victim, their faults, and what a person saw.

    Attributes:
        trials: number of trials by victim.
        faults: sentences by (victim, kind of fault).
        seen: what a person saw, counted, by victim.
        notes: amounts worth a line under the table, summed by their name.
    """

    trials: Counter[str] = field(default_factory=Counter)
    faults: defaultdict[tuple[str, str], list[str]] = field(
        default_factory=lambda: defaultdict(list)
    )
    seen: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    notes: Counter[str] = field(default_factory=Counter)

    def fault(self, victim: str, kind: str, sentence: str) -> None:
        """Add a fault, and print it at once."""
        assert kind in FAULTS
        found = self.faults[victim, kind]
        found.append(sentence)
        if len(found) <= _SHOWN:
            print(f"FAULT ({victim}, {kind}): {sentence}", flush=True)

    def saw(self, victim: str, sentence: str) -> None:
        """Count what a person saw; numbers in it are left out."""
        self.seen[victim][_NUMBER.sub("N", sentence)] += 1

    def add(self, other: "Findings") -> None:
        """Add those of other trials."""
        self.trials += other.trials
        self.notes += other.notes
        for key, found in other.faults.items():
            self.faults[key] += found
        for victim, seen in other.seen.items():
            self.seen[victim] += seen

    @property
    def are_good(self) -> bool:
        """Whether there was no fault."""
        return not any(self.faults.values())

    def show(self, console: Console) -> None:
        """Print the table, what a person saw, and the faults."""
        table = Table("victim", title="trials", title_justify="left")
        for column in ("trials", *FAULTS):
            table.add_column(column, justify="right")
        for victim, trials in self.trials.items():
            table.add_row(victim, str(trials), *self._counts(victim))
        console.print(table)
        for victim, sentences in self.seen.items():
            for sentence, times in sentences.most_common():
                console.print(f"{victim}, {times} x: {sentence}", markup=False, highlight=False)
        for name, amount in self.notes.items():
            console.print(f"{name}: {amount:,}", markup=False, highlight=False)
        for (victim, kind), found in self.faults.items():
            for sentence in found[:_SHOWN]:
                console.print(f"{victim}, {kind}: {sentence}", markup=False, highlight=False)

    def _counts(self, victim: str) -> list[str]:
        return [str(len(self.faults.get((victim, kind), ()))) for kind in FAULTS]


def shares(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Return the total divided in proportion to the weights; the parts add up to it."""
    parts, weight, given = dict[str, int](), 0, 0
    for name, own in weights.items():
        weight += own
        until = round(total * weight / sum(weights.values()))
        parts[name], given = until - given, until
    return parts
