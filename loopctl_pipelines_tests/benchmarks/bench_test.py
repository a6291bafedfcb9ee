"""`make bench` at a small size: it runs, it compares like with like, it keeps what it found."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.outcome import Ratio
from benchmarks.partition_grids import Grid, partition_grids
from benchmarks.reprocessing import reprocessing
from benchmarks.timing import Contender, Spread, interleave, ratio
from loopctl_pipelines.database.embedded import EmbeddedServer


def test_all_parts_run_and_keep_their_ratios(tmp_path: Path) -> None:
    size = ("--reports", "600", "--tenants", "5", "--rounds", "1")
    knowledge = ("--articles", "40", "--up-to-date", "1000", "--results", str(tmp_path))
    links = ("--linked", "40", "--searched", "60")
    documents = ("--documents", "2", "--done-documents", "100")
    api = ("--anomalies", "100", "--requests", "100")
    command = [sys.executable, "-m", "benchmarks", *size, *knowledge, *documents, *links, *api]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 0, done.stderr
    kept = {
        path.stem.partition("-")[2]: json.loads(path.read_text()) for path in tmp_path.iterdir()
    }
    costs, embeddings = (
        {"rollup", "anomalies", "calibrated", "dagster"},
        {"embedding", "embedding-unindexed"},
    )
    linking = {"linking", "neighbours", "article-search"}
    extraction = {"extraction", "extraction-ticks"}
    served = {"api-pages", "api-throughput", "proposal-gate"}
    assert set(kept) == costs | embeddings | {"vectors", "ticks"} | extraction | linking | served
    asked = {found["question"] for found in kept["rollup"]["ratios"]}
    assert {"times faster than the reference", "times the bare scan"} <= asked
    assert kept["rollup"]["facts"]["tenants"] == 5
    assert kept["dagster"]["facts"]["partitions"] == 5
    assert kept["api-pages"]["facts"]["anomalies"] == 100
    assert kept["api-throughput"]["facts"]["connections"] == 64
    assert kept["article-search"]["facts"]["articles"] == 60
    assert kept["ticks"]["facts"]["articles"] == 1_000
    assert kept["extraction"]["facts"]["documents"] == 2
    assert kept["extraction-ticks"]["facts"]["documents"] == 100
    assert kept["linking"]["facts"]["articles"] == 40
    assert kept["neighbours"]["facts"]["recall, small tenant"] == 1
    assert kept["embedding"]["facts"]["articles"] == kept["vectors"]["facts"]["vectors"] == 40


def test_contenders_take_turns() -> None:
    turns: list[str] = []
    contenders = [Contender(name, lambda name=name: turns.append(name)) for name in "ab"]  # type: ignore[misc]
    times = interleave(contenders, rounds=2, clock=iter(range(99)).__next__)
    assert turns == ["a", "b", "a", "b"]
    assert times == {"a": [1, 1], "b": [1, 1]}


def test_a_ratio_is_taken_within_a_round() -> None:
    times = {"slow": [4.0, 9.0], "fast": [2.0, 3.0]}
    assert ratio(times, "slow", "fast") == Spread(2.5, 2.25, 2.75, 2.0, 3.0)


@pytest.mark.parametrize(("median", "verdict"), [(14.9, "MISSED"), (15.0, "met")])
def test_a_goal_is_met_from_its_number_on(median: float, verdict: str) -> None:
    assert Ratio("times faster", "a", "b", least=15).verdict(median) == verdict


def test_a_backfill_of_the_command_line_and_one_of_the_ui_are_measured(
    server: EmbeddedServer,
) -> None:
    outcome = reprocessing(server, tenants=2, days=3)
    facts = outcome.facts
    assert (facts["partitions"], facts["runs of the command line"]) == (6, 1)
    assert facts["runs of the UI"] == 1
    assert outcome.times.keys() == {"command line", "UI", "UI, until it is launched"}


def test_the_partitions_page_is_measured_for_each_grid(server: EmbeddedServer) -> None:
    grids = (Grid(2, 5), Grid(3, 5, window=2))
    outcome = partition_grids(server, grids, rounds=1)
    assert {name.partition(":")[0] for name in outcome.times} == {
        "10 = 2 x 5",
        "6 = 3 x 2 (-2d of 5)",
    }
