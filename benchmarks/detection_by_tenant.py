"""What each rule finds in tenants' histories: by rule, epic, outlier, tenant and budget."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from math import exp, log
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.calibrated_usage import CALIBRATED, CalibratedUsage, Reported
from benchmarks.detection_counts import Counts, Scored
from benchmarks.document_tables import Table
from benchmarks.log_rules import log_iqr, log_mad
from benchmarks.server import upgraded_database
from benchmarks.tenant_histories import (
    HISTORY_DAYS,
    History,
    StoryCost,
    read_histories,
    with_several_at_once,
)
from loopctl_pipelines.anomaly_rule import AnomalyRule, Baseline
from loopctl_pipelines.database.embedded import EmbeddedServer

MEDIAN: Final = AnomalyRule(
    baseline=Baseline.PEER_MEDIAN, minimum_stories=3, low_factor=Decimal("0.03")
)
"""The best of the reference's rule: what this page recommended before there was another."""

_STATEMENTS: Final = {
    "epic_average": AnomalyRule(),
    "peer_median": MEDIAN,
    "calibrated": CALIBRATED,
}
_MORE_TOGETHER: Final = {
    "peer_median, `high_factor` 6": MEDIAN.model_copy(update={"high_factor": Decimal(6)}),
    "calibrated, budgets 20 and 5": CALIBRATED.model_copy(
        update={"high_budget": Decimal(20), "low_budget": Decimal(5)}
    ),
}
"""With about as many false reports as the other rule."""

_IN_LOGARITHMS: Final = {"log-MAD": log_mad, "log-IQR": log_iqr}
_ORDER: Final = ("epic_average", "peer_median", "log-MAD", "log-IQR", "calibrated")
_SIZES: Final = {"1": (1, 1), "2": (2, 2), "3 to 5": (3, 5), "6 to 10": (6, 10), "more": (11, 999)}
_BUDGETS: Final = ((2, 1), (5, 1), (10, 2), (20, 5), (50, 10))


def tables_by_tenant(server: EmbeddedServer, file: Path, layouts: int) -> dict[str, Table]:
    """Return the tables by name; each layout is another assignment of tasks to days."""
    scored: dict[str, list[Scored]] = {name: [] for name in _ORDER}
    together: dict[str, list[Scored]] = {name: [] for name in _ORDER}
    budgets: dict[tuple[int, int], list[Scored]] = {budget: [] for budget in _BUDGETS}
    for layout in range(layouts):
        histories = read_histories(file, layout)
        url = upgraded_database(server, f"histories_{layout}")
        with closing(CalibratedUsage(url, histories)) as usage:
            _add(scored, usage, histories)
            for high, low in _BUDGETS:
                budget = {"high_budget": Decimal(high), "low_budget": Decimal(low)}
                rule = CALIBRATED.model_copy(update=budget)
                budgets[high, low] += _scored(usage.reported(rule))
        several = [with_several_at_once(history) for history in histories]
        url = upgraded_database(server, f"several_{layout}")
        with closing(CalibratedUsage(url, several)) as usage:
            _add(together, usage, several)
            for name, rule in _MORE_TOGETHER.items():
                together.setdefault(name, []).extend(_scored(usage.reported(rule)))
    return {
        "rules": _by_rule(scored),
        "epics": _by(scored, _of_epic_size, _SIZES, _f1_and_wrong),
        "outliers": _by(scored, _of_plant, _plants(scored["calibrated"]), _recall),
        "together": _several(together),
        "tenants": _by_tenant(scored),
        "budgets": _by_budget(budgets),
    }


def _add(
    scored: Mapping[str, list[Scored]], usage: CalibratedUsage, histories: Sequence[History]
) -> None:
    for name, rule in _STATEMENTS.items():
        scored[name].extend(_scored(usage.reported(rule)))
    for name, rule_in_logs in _IN_LOGARITHMS.items():
        scored[name].extend(_in_logarithms(rule_in_logs, histories))


def _scored(rows: Iterable[tuple[History, int, StoryCost, Reported]]) -> Iterator[Scored]:
    for history, day, story, reported in rows:
        size = history.epic_sizes(day)[story.project, story.epic]
        yield Scored(history.tenant, size, story, reported)


def _in_logarithms(
    rule: Callable[[Sequence[StoryCost]], list[str | None]], histories: Sequence[History]
) -> Iterator[Scored]:
    for history in histories:
        for day in range(HISTORY_DAYS, len(history.days)):
            stories = history.days[day]
            real = [StoryCost(s.project, s.epic, s.real, s.real) for s in stories]
            found = zip(stories, rule(stories), rule(real), strict=True)
            rows = (
                (history, day, s, Reported(kind, kind == "suspiciously_low" != without))
                for s, kind, without in found
            )
            yield from _scored(
                (h, d, s, Reported(r.kind, r.swamped and s.label is None)) for h, d, s, r in rows
            )


def _by_rule(scored: Mapping[str, list[Scored]]) -> Table:
    rows = [
        ["rule", "precision", "recall", "F1", "F1, 5 stories and fewer", "false reports", "swamped"]
    ]
    for name, stories in scored.items():
        every = Counts.of(stories)
        small = Counts.of(each for each in stories if each.epic_stories <= 5)
        rows.append(
            [
                name,
                *(f"{n:.2f}" for n in (every.precision, every.recall, every.f1, small.f1)),
                f"{every.false_reports:.1f}",
                str(every.swamped),
            ]
        )
    return rows


def _by(
    scored: Mapping[str, list[Scored]],
    belongs: Callable[[Scored, str], bool],
    values: Iterable[str],
    told: Callable[[Counts], str],
) -> Table:
    rows = [["", *scored]]
    for value in values:
        counts = [Counts.of(s for s in stories if belongs(s, value)) for stories in scored.values()]
        rows.append([value, *map(told, counts)])
    return rows


def _of_epic_size(scored: Scored, size: str) -> bool:
    least, most = _SIZES[size]
    return least <= scored.epic_stories <= most


def _of_plant(scored: Scored, plant: str) -> bool:
    return scored.story.plant == plant


def _plants(scored: Iterable[Scored]) -> list[str]:
    names = {each.story.plant for each in scored if each.story.plant}
    return sorted(names, key=lambda name: float(name.rpartition("x")[2]), reverse=True)


def _f1_and_wrong(counts: Counts) -> str:
    return f"{counts.f1:.2f}, {counts.false_reports:.0f}"


def _recall(counts: Counts) -> str:
    return f"{counts.recall:.2f}"


def _several(scored: Mapping[str, list[Scored]]) -> Table:
    rows = [["rule", "found", "false reports", "swamped"]]
    for name, stories in scored.items():
        counts = Counts.of(stories)
        found = f"{counts.found} of {counts.planted}"
        rows.append([name, found, f"{counts.false_reports:.1f}", str(counts.swamped)])
    return rows


def _by_tenant(scored: Mapping[str, list[Scored]]) -> Table:
    rows = [
        [
            "agent and model",
            "1 of 20 costs more than",
            "1 of 100",
            "peer_median: F1, false reports",
            "calibrated: F1, false reports",
        ]
    ]
    for tenant in sorted({each.tenant for each in scored["calibrated"]}):
        own = {n: [s for s in stories if s.tenant == tenant] for n, stories in scored.items()}
        multiples = _multiples([each.story for each in own["calibrated"]])
        rows.append(
            [
                tenant,
                *(f"{multiples[len(multiples) * share // 100]:.1f} times" for share in (95, 99)),
                _f1_and_wrong(Counts.of(own["peer_median"])),
                _f1_and_wrong(Counts.of(own["calibrated"])),
            ]
        )
    return rows


def _multiples(stories: Sequence[StoryCost]) -> list[float]:
    """Return the real costs in multiples of their project's median, in order."""
    medians = {
        project: median(log(s.real) for s in stories if s.project == project)
        for project in {s.project for s in stories}
    }
    return sorted(exp(log(s.real) - medians[s.project]) for s in stories)


def _by_budget(scored: Mapping[tuple[int, int], list[Scored]]) -> Table:
    rows = [["high and low budget", "false reports", "precision", "recall", "F1"]]
    for (high, low), stories in scored.items():
        counts = Counts.of(stories)
        figures = (counts.precision, counts.recall, counts.f1)
        rows.append(
            [
                f"{high} and {low}",
                f"{counts.false_reports:.1f}",
                *(f"{figure:.2f}" for figure in figures),
            ]
        )
    return rows
