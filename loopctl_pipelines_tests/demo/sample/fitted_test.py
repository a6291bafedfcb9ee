"""The sample's stories look like real ones: quantiles side by side, within generous bounds."""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from loopctl_pipelines.demo.sample.fitted import MODEL_RUNS, STORY_COSTS
from loopctl_pipelines.demo.sample.rows import ReportRow
from loopctl_pipelines.demo.sample.sample import generate

REAL = Path(__file__).parents[4] / "shared" / "data"
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
AT_MOST_TIMES = 1.8

ReportsOfStoryDays = defaultdict[tuple[UUID, date], list[ReportRow]]

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="real usage files are not here")


def records(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(REAL / name, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@pytest.fixture(scope="module")
def generated() -> dict[str, list[float]]:
    """Sums per story and day of work that does not cross midnight and is not corrected."""
    sample = generate(last_day=date(2026, 4, 2))
    worked: ReportsOfStoryDays = defaultdict(list)
    for report in sample.reports:
        if report.deleted_at is None:
            worked[report.story_id, report.inserted_at.date()].append(report)
    planted = {(anomaly.story_id, anomaly.day) for anomaly in sample.planted}
    whole = [
        reports
        for key, reports in worked.items()
        if key not in planted
        and not any(r.corrects_report_id or r.inserted_at.hour in (0, 23) for r in reports)
    ]
    return {
        "cost": [sum(r.cost_millicents for r in reports) / 100_000 for reports in whole],
        "input": [sum(r.input_tokens for r in reports) for reports in whole],
        "output": [sum(r.output_tokens for r in reports) for reports in whole],
        "calls": [sum(r.tool_call_count for r in reports) for reports in whole],
    }


def assert_alike(generated: list[float], real: list[float]) -> None:
    ratios = np.quantile(generated, QUANTILES) / np.quantile(real, QUANTILES)
    assert (ratios < AT_MOST_TIMES).all(), ratios
    assert (ratios > 1 / AT_MOST_TIMES).all(), ratios


def test_costs_of_a_story_are_as_in_real_benchmark_runs(generated: dict[str, list[float]]) -> None:
    costs = [float(row["cost_usd"] or 0) for row in records("agent_tasks.csv.gz")]
    assert_alike(generated["cost"], [cost for cost in costs if cost > 0])


@pytest.mark.parametrize("what", ["input", "output", "calls"])
def test_tokens_and_calls_of_a_story_are_as_in_real_calls(
    generated: dict[str, list[float]], what: str
) -> None:
    per_story: Counter[str] = Counter()
    for row in records("agent_calls.csv.gz"):
        per_story[row["story"]] += 1 if what == "calls" else int(row[f"{what}_tokens"])
    assert_alike(generated[what], [float(number) for number in per_story.values()])


def test_the_fitted_costs_are_those_of_the_real_runs_of_each_model() -> None:
    logarithms: defaultdict[str, list[float]] = defaultdict(list)
    for row in records("agent_tasks.csv.gz"):
        if float(row["cost_usd"] or 0) > 0:
            logarithms[row["model"].lower()].append(np.log(float(row["cost_usd"])))
    assert STORY_COSTS.keys() == MODEL_RUNS.keys()
    for model, fitted in STORY_COSTS.items():
        assert len(logarithms[model]) == MODEL_RUNS[model]
        assert np.mean(logarithms[model]) == pytest.approx(fitted.mean, abs=0.006)
        assert np.std(logarithms[model], ddof=1) == pytest.approx(fitted.deviation, abs=0.006)
