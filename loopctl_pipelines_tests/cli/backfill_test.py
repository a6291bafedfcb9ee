"""`loopctl-pipelines backfill` ends with a summary that scripts can read."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from dagster import DagsterInstance, RunsFilter

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.shell import Shell
from loopctl_pipelines_tests.usage import Usage

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
DAYS = ("--from", str(YESTERDAY), "--to", str(YESTERDAY))


@pytest.fixture
def half_broken(database: Database, shell: Shell) -> Shell:
    """A tenant whose day can be computed, and one whose day cannot."""
    usage = Usage()
    usage.report("acme", YESTERDAY, 12_345)
    for _ in range(2):
        usage.report("broken", YESTERDAY, 2**63 - 1)
    usage.write(database)
    return shell.with_settings(LOOPCTL_UI_URL="https://dagster.example/")


def test_json_has_counts_runs_and_link_and_the_rest_is_on_stderr(
    half_broken: Shell, instance: DagsterInstance
) -> None:
    code, out, err = half_broken.run("backfill", *DAYS, "--json")
    summary = json.loads(out)
    assert code == 1
    assert summary["partitions"] == {"landed": 1, "failed": 1, "unchanged": 0}
    tags = {"loopctl/command": summary["command"]}
    assert set(summary["runs"]) == set(instance.get_run_ids(RunsFilter(tags=tags)))
    link = f"https://dagster.example/runs?q%5B%5D=tag%3Aloopctl%2Fcommand%3D{summary['command']}"
    assert summary["url"] == link
    assert "'broken'" in summary["failures"][0]
    assert "1/2" in err


def test_only_what_failed_is_tried_again(half_broken: Shell, database: Database) -> None:
    assert half_broken.run("backfill", *DAYS)[0] == 1
    with database.operator_transaction() as connection:
        connection.execute("DELETE FROM token_usage_reports WHERE cost_millicents > 12345")
    code, out, _ = half_broken.run("backfill", *DAYS, "--retry-failed")
    assert (code, "1/1" in out) == (0, True)
    assert "Partitions: landed 1, failed 0, unchanged 0." in out
    assert "https://dagster.example/runs?" in out
    code, out, _ = half_broken.run("backfill", *DAYS, "--retry-failed")
    assert (code, "failed when last attempted." in out) == (0, True)


def test_starting_over_and_retrying_exclude_each_other(shell: Shell) -> None:
    code, _, err = shell.run("backfill", *DAYS, "--retry-failed", "--anew")
    assert code == 2
    assert "exclude each other" in err


def test_a_database_without_tenants_is_named_as_the_reason(shell: Shell) -> None:
    code, out, _ = shell.run("backfill", *DAYS)
    assert code == 0
    assert "There is no active tenant" in out
