"""How often texts may be paid for: once, and once more after each kill that lost the result."""

from collections import Counter
from collections.abc import Iterable, Mapping


class LostPayments:
    """What kills have lost: texts that were paid for, and whose results were not written."""

    def __init__(self) -> None:
        self._lost = Counter[str]()

    def process_was_killed(self, paid: Mapping[str, int], unwritten: Iterable[str]) -> int:
        """Return how many payments were lost by a kill; these texts may be paid for again.

        Args:
            paid: how often each text was paid for until now; no process works on them now.
            unwritten: texts without a written result.
        """
        lost = 0
        for text in unwritten:
            missing = paid.get(text, 0) - self._lost[text]
            self._lost[text] += missing
            lost += missing
        return lost

    def faults(self, paid: Mapping[str, int], texts: Iterable[str]) -> list[tuple[str, str]]:
        """Return (kind of fault, sentence) for each text that was paid for without need."""
        return [
            ("doubled", f"{text!r} was paid for {paid.get(text, 0)} times")
            for text in texts
            if paid.get(text, 0) > 1 + self._lost[text]
        ]
