"""The benchmark of the detection: the same file gives the same tables, by the real statements."""

import csv
import gzip
import random
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from benchmarks.calibrated_usage import Reported
from benchmarks.detection_by_tenant import MEDIAN
from benchmarks.detection_counts import Counts, Scored
from benchmarks.detection_quality import detection_quality, spread
from benchmarks.labelled_usage import LabelledUsage, total
from benchmarks.planted_outliers import PLANTS, SIZES, Plant, read_costs, trials
from benchmarks.tenant_histories import HISTORY_DAYS, SCORED_DAYS, StoryCost, read_histories
from loopctl_pipelines.anomaly_rule import AnomalyRule

BLOCKS = (
    *("rules", "epics", "outliers", "together", "tenants", "budgets"),
    *("sizes", "plants", "four", "high", "low", "days", "spread"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a file with the tasks of two agents in a repository, each with two runs."""
    chance = random.Random(1)
    path = tmp_path / "tasks.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="") as lines:
        rows = csv.writer(lines)
        rows.writerow(["run", "agent", "model", "benchmark", "epic", "story", "cost_usd"])
        for run in range(4):
            for story in range(100):
                cost = chance.lognormvariate(0, 0.5)
                rows.writerow([run, run % 2, "model", "bench", "repository", story, cost])
        rows.writerow(["0", "0", "model", "bench", "", "no repository", "1"])
        rows.writerow(["0", "0", "model", "bench", "repository", "no cost", ""])
    return path


def test_the_groups_are_one_agents_tasks_with_a_cost_in_one_repository(file: Path) -> None:
    assert [len(group) for group in read_costs(file)] == [100] * 4


def test_the_spread_is_that_of_the_costs_around_the_median_of_their_group() -> None:
    groups = [[100 * n for n in range(1, 202)], [5, 7]]
    assert spread(groups)[1:3] == [
        ["1 of 100", "0.02 times the median", "1.98 times the median"],
        ["1 of 20", "0.10 times the median", "1.90 times the median"],
    ]


def test_trials_are_the_same_every_time_and_of_every_plant_and_size(file: Path) -> None:
    groups = read_costs(file)
    first = list(trials(groups, PLANTS, 2))
    assert first == list(trials(groups, PLANTS, 2))
    counted = Counter((trial.name, len(trial.planted)) for trial in first)
    assert set(counted.values()) == {2}
    assert {name for name, _ in counted} == {plant.name for plant in PLANTS}
    assert {size for _, size in counted} == set(SIZES)


def test_a_score_counts_what_was_found_missed_false_and_swamped(database_url: str) -> None:
    plant = Plant("runaway x50", (Decimal(50),))
    usage = LabelledUsage(database_url, list(trials([[100_000] * 30], [plant], 1)))
    try:
        average = {len(t.planted): s for t, s in usage.score(AnomalyRule())}
        median = {len(t.planted): s for t, s in usage.score(MEDIAN)}
    finally:
        usage.close()
    assert (average[3].found, average[3].swamped, average[3].false) == (0, 2, 2)
    assert (average[5].found, average[5].swamped) == (1, 4)
    assert (average[5].precision, average[5].recall) == (0.2, 1.0)
    found = total([score for size, score in median.items() if size > 2])
    assert (found.found, found.planted, found.false) == (11, 11, 0)


def test_each_task_is_on_one_day_of_its_tenant_and_three_of_a_hundred_are_outliers(
    file: Path,
) -> None:
    histories = read_histories(file)
    assert histories == read_histories(file)
    assert [len(history.days) for history in histories] == [HISTORY_DAYS + SCORED_DAYS] * 2
    stories = [story for history in histories for day in history.days for story in day]
    assert Counter(story.real for story in stories).most_common(1)[0][1] == 1
    assert 3 <= sum(story.label is not None for story in stories) <= 30
    assert all((story.planted != story.real) == (story.label is not None) for story in stories)


def test_a_report_is_right_if_its_kind_is_and_swamped_ones_are_wrong() -> None:
    usual = StoryCost("bench", "repository", 100, 100)
    runaway = usual.times("runaway x10", Decimal(10))
    none, high = Reported(None, swamped=False), Reported("high_cost", swamped=False)
    low = Reported("suspiciously_low", swamped=True)
    pairs = [(runaway, high), (runaway, none), (runaway, low), (usual, none), (usual, low)]
    counts = Counts.of([Scored("t", 5, story, reported) for story, reported in pairs])
    assert counts == Counts(planted=3, found=1, usual=2, wrong=1, swamped=1)
    assert (counts.precision, round(counts.recall, 2), counts.false_reports) == (0.5, 0.33, 500)


def test_the_tables_and_the_picture_are_written_into_the_document(
    file: Path, tmp_path: Path
) -> None:
    document = tmp_path / "detection.md"
    text = "\n".join(f"before {name}\n<!-- {name} -->\n\n<!-- end -->" for name in BLOCKS)
    document.write_text(text + "\nafter", encoding="utf-8")
    detection_quality(file, each=1, layouts=1, docs=tmp_path)
    written = document.read_text(encoding="utf-8")
    assert (tmp_path / "images" / "detection.png").read_bytes().startswith(b"\x89PNG")
    for name in BLOCKS:
        assert f"before {name}\n<!-- {name} -->\n| " in written
    assert written.endswith("\nafter")
