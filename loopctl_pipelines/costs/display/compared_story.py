"""A story beside the others of its epic, as a plot, a strip of text and JSON show it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

MOST_SHOWN: Final = 2_000
"""Other stories that are shown; of more, evenly many from the cheapest to the costliest."""


@dataclass(frozen=True, slots=True)
class ComparedStory:
    """A story and its peers. Costs in millicents (1/1000 cent), over the days of the anomaly.

    Attributes:
        title: the story's, as a tenant wrote it.
        anomaly_type: the anomaly's.
        cost: the story's cost.
        peers: costs of the epic's other stories in ascending order, at most `MOST_SHOWN`.
        others: how many other stories there are.
        reference: what the story was compared with: a baseline, or a budget.
        factor: where the anomaly begins, in multiples of the reference; None: it is not known.
    """

    title: str
    anomaly_type: str
    cost: int
    peers: Sequence[int]
    others: int
    reference: int
    factor: Decimal | None = None

    @property
    def threshold(self) -> int | None:
        """Where the anomaly begins, in whole millicents above 0; None: it is not known."""
        return None if self.factor is None else int(self.reference * self.factor) or None

    @property
    def costs(self) -> list[int]:
        """Every cost that is shown."""
        threshold = self.threshold
        given = [self.cost, *self.peers, self.reference]
        return given if threshold is None else [*given, threshold]

    @property
    def is_sampled(self) -> bool:
        """Whether some of the other stories are left out."""
        return self.others > len(self.peers)
