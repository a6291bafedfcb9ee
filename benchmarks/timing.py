"""Contenders run in turn, round by round, and what their times say. Pure: the clock is given."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Times = Mapping[str, Sequence[float]]
"""Seconds by name of the contender, in the order of the rounds."""


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Contender:
    """One of several ways to do the same work.

    Attributes:
        name: its name in the result.
        run: the work; only this is timed.
        before: makes the state from which the work starts.
        after: looks at what the work left; it raises if that is wrong.
    """

    name: str
    run: Callable[[], object]
    before: Callable[[], object] = _nothing
    after: Callable[[], object] = _nothing


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, quartiles and ends of some runs, or of the ratio of two contenders' runs."""

    median: float
    lower_quartile: float
    upper_quartile: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Take one value or more; the quartiles are those of the values as a population.

        Raises:
            ValueError: if there is no value.
        """
        if not values:
            raise ValueError("A spread needs at least one value.")
        quartiles = (
            statistics.quantiles(values, n=4, method="inclusive")
            if len(values) > 1
            else [values[0]] * 3
        )
        return cls(
            median=statistics.median(values),
            lower_quartile=quartiles[0],
            upper_quartile=quartiles[2],
            low=min(values),
            high=max(values),
        )


def interleave(
    contenders: Sequence[Contender], rounds: int, clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Run every contender once a round, so that a disturbance of the machine hits all of them.

    Args:
        contenders: in the order of their turns; names do not repeat.
        rounds: how often each of them runs.
        clock: seconds that only grow, such as `time.perf_counter`.
    """
    times: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            contender.before()
            started = clock()
            contender.run()
            times[contender.name].append(clock() - started)
            contender.after()
    return times


def ratio(times: Times, numerator: str, denominator: str) -> Spread:
    """Compare two contenders by the quotients of their runs of the same round."""
    pairs = zip(times[numerator], times[denominator], strict=True)
    return Spread.of([upper / lower for upper, lower in pairs])
