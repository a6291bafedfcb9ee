"""`anomalies` with --from, --to, --type and --limit."""

import json

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.anomalies.deviations import (
    DAY,
    NEXT,
    ONE_HIGH,
    detected,
    spend,
)
from loopctl_pipelines_tests.shell import Shell

# the second story is below a tenth of the average
_LOW = (250, 1, 250, 250, 250)


@pytest.fixture(autouse=True)
def _two_anomalies(database: Database) -> None:
    """Have a high one on the first day, and a low one of another story on the next."""
    spend(database, ONE_HIGH, DAY)
    spend(database, _LOW, NEXT)
    detected(database, DAY, NEXT)


def _types(shell: Shell, *options: str) -> list[str]:
    code, out, _ = shell.run("anomalies", "--json", *options)
    assert code == 0
    return [row["anomaly_type"] for row in json.loads(out)]


def test_days_and_types_are_conditions_that_all_have_to_hold(shell: Shell) -> None:
    high, low = "high_cost", "suspiciously_low"
    assert _types(shell) == [low, high]
    assert _types(shell, "--from", str(NEXT)) == [low]
    assert _types(shell, "--to", str(DAY)) == [high]
    assert _types(shell, "--from", str(DAY), "--to", str(NEXT)) == [low, high]
    assert _types(shell, "--type", high) == [high]
    assert _types(shell, "--type", high, "--from", str(NEXT)) == []
    assert shell.run("anomalies", "--type", "budget_exceeded")[1] == "No open anomalies.\n"


def test_a_limit_keeps_the_latest_and_says_how_many_it_leaves_out(shell: Shell) -> None:
    left_out = "The latest 1 of 2; --limit leaves out the others.\n"
    code, out, err = shell.run("anomalies", "--limit", "1", "--json")
    assert [row["day"] for row in json.loads(out)] == [str(NEXT)]
    assert (code, err) == (0, left_out)
    code, out, err = shell.run("anomalies", "--limit", "1")
    assert (code, err) == (0, "")
    assert out.endswith(left_out)
    assert shell.run("anomalies", "--limit", "2", "--json")[2] == ""


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (("--from", "2026-13-01"), 1, "'2026-13-01' is not a day."),
        (("--from", str(NEXT), "--to", str(DAY)), 1, "is reversed"),
        (("--type", "cheap"), 2, "high_cost"),
        (("--limit", "0"), 2, "--limit"),
        (("--limit", "1", "show"), 2, "These options belong to the list"),
    ],
)
def test_a_condition_that_cannot_be_met_is_refused(
    shell: Shell, options: tuple[str, ...], code: int, sentence: str
) -> None:
    ended, _, err = shell.run("anomalies", *options)
    assert ended == code
    assert sentence in err
