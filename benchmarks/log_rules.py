"""Two textbook rules on logarithms of an epic's costs, to compare with. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from math import log
from statistics import median, quantiles
from typing import Final

from benchmarks.tenant_histories import StoryCost

_LEAST_STORIES: Final = 4
Limits = Callable[[Sequence[float]], tuple[float, float]]
"""The lowest and highest usual value, by the others."""

_NORMAL: Final = 1.4826
"""The standard deviation of normally distributed values is as many median deviations."""


def log_mad(stories: Sequence[StoryCost]) -> list[str | None]:
    """Report a story further than 3.5 deviations from the median of its epic's others."""
    return _by_epic(stories, _mad_limits)


def log_iqr(stories: Sequence[StoryCost]) -> list[str | None]:
    """Report a story further than 1.5 interquartile ranges outside the others' quartiles."""
    return _by_epic(stories, _iqr_limits)


def _mad_limits(others: Sequence[float]) -> tuple[float, float]:
    middle = median(others)
    deviation = 3.5 * _NORMAL * median(abs(value - middle) for value in others)
    return middle - deviation, middle + deviation


def _iqr_limits(others: Sequence[float]) -> tuple[float, float]:
    first, _, third = quantiles(others, n=4, method="inclusive")
    return first - 1.5 * (third - first), third + 1.5 * (third - first)


def _by_epic(stories: Sequence[StoryCost], limits: Limits) -> list[str | None]:
    epics: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for place, story in enumerate(stories):
        epics[story.project, story.epic].append(place)
    found: list[str | None] = [None] * len(stories)
    for places in epics.values():
        for place, kind in _reported([stories[p] for p in places], limits):
            found[places[place]] = kind
    return found


def _reported(stories: Sequence[StoryCost], limits: Limits) -> Iterator[tuple[int, str]]:
    logs = [log(story.planted) for story in stories]
    if len(logs) < _LEAST_STORIES:
        return
    for place, value in enumerate(logs):
        low, high = limits(logs[:place] + logs[place + 1 :])
        if value > high:
            yield place, "high_cost"
        elif value < low:
            yield place, "suspiciously_low"
