"""How good the detection is, on real costs with planted outliers.

    python -m benchmarks.detection_quality FILE/agent_tasks.csv.gz

Runs the project's own statements on a PostgreSQL of its own, and writes the tables of
docs/detection.md and its picture; the same file gives the same ones every time.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Annotated, Final

import typer

from benchmarks.detection_by_tenant import MEDIAN, tables_by_tenant
from benchmarks.document_tables import Table, with_table
from benchmarks.labelled_usage import LabelledUsage, Score, total
from benchmarks.planted_outliers import (
    FOUR_TIMES_ITS_PEERS,
    PLANTS,
    SIZES,
    Trial,
    multiples_of_median,
    read_costs,
    trials,
    trials_over_days,
)
from benchmarks.server import scratch_server, upgraded_database
from loopctl_pipelines.anomaly_rule import AnomalyRule, Baseline
from loopctl_pipelines.cli.signals import ended_by_signals

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DOCS: Final = Path(__file__).parents[1] / "docs"
_RULES: Final = {
    **{baseline.value: AnomalyRule(baseline=baseline) for baseline in Baseline},
    "best fixed": MEDIAN,
}
_COLORS: Final = ("#c44", "#48a", "#2a2", "#222")

Scored = Sequence[tuple[Trial, Score]]


def detection_quality(
    file: Annotated[Path, typer.Argument(help="agent_tasks.csv.gz")],
    each: Annotated[int, typer.Option(min=1, help="Epics of each plant and size.")] = 100,
    layouts: Annotated[int, typer.Option(min=1, help="Times that tasks are put on days.")] = 1,
    docs: Annotated[Path, typer.Option(help="Folder of detection.md and images.")] = _DOCS,
) -> None:
    """Measure precision and recall of each baseline, and write the tables and the picture."""
    groups = read_costs(file)
    with scratch_server() as server:
        url = upgraded_database(server, "planted")
        with closing(LabelledUsage(url, list(trials(groups, PLANTS, each)))) as usage:
            scored = {name: usage.score(rule) for name, rule in _RULES.items()}
            high, low = _high_factors(usage), _low_factors(usage)
        url = upgraded_database(server, "four_times")
        plants = [FOUR_TIMES_ITS_PEERS]
        with closing(LabelledUsage(url, list(trials(groups, plants, each)))) as usage:
            four = {name: usage.score(rule) for name, rule in _RULES.items()}
        url = upgraded_database(server, "days")
        with closing(LabelledUsage(url, list(trials_over_days(groups, each)))) as usage:
            days = _days(usage)
        by_tenant = tables_by_tenant(server, file, layouts)
    written = {
        **by_tenant,
        "sizes": _by(scored, lambda trial: len(trial.planted), "stories in the epic"),
        "plants": _by(scored, lambda trial: trial.name, "planted"),
        "four": _four_times(four),
        "high": high,
        "low": low,
        "days": days,
        "spread": spread(groups),
    }
    document = (docs / "detection.md").read_text(encoding="utf-8")
    for name, table in written.items():
        document = with_table(document, name, table)
    (docs / "detection.md").write_text(document, encoding="utf-8")
    _plot(scored, docs / "images" / "detection.png")


def spread(groups: Sequence[Sequence[int]]) -> Table:
    """Return how far tasks are from the median of their group, as a table."""
    parts = quantiles(multiples_of_median(groups), n=100)
    of_all = {"1 of 100": 1, "1 of 20": 5, "1 of 10": 10, "1 of 4": 25}
    rows = [["of the tasks", "cost less than", "cost more than"]]
    for share, percent in of_all.items():
        low, high = parts[percent - 1], parts[99 - percent]
        rows.append([share, f"{low:.2f} times the median", f"{high:.2f} times the median"])
    return rows


def _grouped(scored: Scored, key: Callable[[Trial], object]) -> dict[object, Score]:
    groups: defaultdict[object, list[Score]] = defaultdict(list)
    for trial, score in scored:
        groups[key(trial)].append(score)
    return {value: total(scores) for value, scores in groups.items()}


def _by(scored: Mapping[str, Scored], key: Callable[[Trial], object], heading: str) -> Table:
    of_baseline = {name: _grouped(each, key) for name, each in scored.items()}
    head = [heading, *(f"{name}: precision, recall, swamped" for name in scored)]
    values = next(iter(of_baseline.values()))
    return [head] + [
        [str(value), *(_told(of[value]) for of in of_baseline.values())] for value in values
    ]


def _told(score: Score) -> str:
    return f"{score.precision:.2f}, {score.recall:.2f}, {score.swamped}"


def _four_times(scored: Mapping[str, Scored]) -> Table:
    of_rule = {n: _grouped(each, lambda trial: len(trial.planted)) for n, each in scored.items()}
    rows = [["stories in the epic", *(f"{name}: found, swamped" for name in scored)]]
    for size in SIZES:
        scores = [of[size] for of in of_rule.values()]
        rows.append([str(size), *(f"{s.found} of {s.planted}, {s.swamped}" for s in scores)])
    return rows


def _high_factors(usage: LabelledUsage) -> Table:
    rows = [["`high_factor`", "precision", "recall", "usual stories reported as high, of 1,000"]]
    for factor in ("2", "2.5", "3.0", "3.5", "4", "5", "6", "8"):
        score = _of_kind(usage, "high_cost", {"high_factor": Decimal(factor)})
        wrong = 1000 * score.false / score.stories
        rows.append([factor, f"{score.precision:.2f}", f"{score.recall:.2f}", f"{wrong:.0f}"])
    return rows


def _low_factors(usage: LabelledUsage) -> Table:
    rows = [["`low_factor`", "recall of skipped work", "swamped siblings of runaways, of 1,000"]]
    for factor in ("0.1", "0.07", "0.05", "0.03", "0.02"):
        changed = {"low_factor": Decimal(factor)}
        skipped = _of_kind(usage, "suspiciously_low", changed)
        runaway = _of_kind(usage, "high_cost", changed)
        swamped = 1000 * runaway.swamped / runaway.stories
        rows.append([factor, f"{skipped.recall:.2f}", f"{swamped:.1f}"])
    return rows


def _of_kind(usage: LabelledUsage, kind: str, changed: Mapping[str, Decimal]) -> Score:
    """Score the recommended rule, so changed, where nothing of another kind was planted."""
    rule = MEDIAN.model_copy(update=changed)
    return total(
        [
            score
            for trial, score in usage.score(rule)
            if set(trial.labels.values()) == {kind} and len(trial.planted) >= rule.minimum_stories
        ]
    )


def _days(usage: LabelledUsage) -> Table:
    rows = [["a story that ...", "`days` = 1", "`days` = 7"]]
    of_days = [
        _grouped(usage.score(MEDIAN.model_copy(update={"days": days})), lambda t: t.name)
        for days in (1, 7)
    ]
    for name, first in of_days[0].items():
        told = [
            f"{of[name].found} of {of[name].planted} found"
            if first.planted
            else f"{of[name].false} false reports in {of[name].epics} epics"
            for of in of_days
        ]
        rows.append([str(name), *told])
    return rows


def _plot(scored: Mapping[str, Scored], file: Path) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes 0.4 s

    figure = Figure(figsize=(9, 3), dpi=110, layout="constrained")
    panels: Sequence[tuple[str, Callable[[Score], float]]] = (
        ("recall", lambda score: score.recall),
        ("precision", lambda score: score.precision),
        ("swamped siblings, of 100 epics", lambda score: 100 * score.swamped / score.epics),
    )
    for place, (title, value) in enumerate(panels, start=1):
        axes: Axes = figure.add_subplot(1, len(panels), place)
        for color, (name, each) in zip(_COLORS, scored.items(), strict=True):
            sizes = _grouped(each, lambda trial: len(trial.planted))
            axes.plot(
                range(len(sizes)), [value(s) for s in sizes.values()], color=color, label=name
            )
        axes.set_xticks(range(len(SIZES)), [str(size) for size in SIZES], size=7)
        axes.set_xlabel("stories in the epic", size=8)
        axes.set_title(title, size=9)
        axes.tick_params(axis="y", labelsize=7)
        axes.grid(visible=True, alpha=0.3)
        if place < len(panels):
            axes.set_ylim(0, 1.02)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].legend(fontsize=7, frameon=False)
    file.parent.mkdir(exist_ok=True)
    figure.savefig(file)


if __name__ == "__main__":
    ended_by_signals()(typer.run)(detection_quality)
