"""The command line as a person uses it: a process of its own, on a real server."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines_tests.shell import Shell
from loopctl_pipelines_tests.usage import Usage

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
_ROLLS_UP = "SELECT FROM pg_stat_activity WHERE query LIKE '%FROM loopctl_pipelines.live_reports%'"
_LOADS = "SELECT FROM pg_stat_activity WHERE query LIKE '%COPY incoming_reports%'"
_KEYLESS = (
    "Tenant 'proseware': no Anthropic API key configured; extraction is skipped.\n"
    "Tenant 'proseware': no embedding API key configured; embedding is skipped.\n"
)
_STARTED = RunsFilter(statuses=[DagsterRunStatus.STARTED])


@pytest.fixture
def filled(database: Database, shell: Shell) -> Shell:
    usage = Usage()
    usage.tenant("blue", "suspended")
    for slug in ("acme", "cold"):
        usage.report(slug, YESTERDAY, 12_345)
    usage.write(database)
    return shell


def _one_sentence(shell: Shell, *arguments: str) -> str:
    code, _, err = shell.run(*arguments)
    assert code == 1
    assert "Traceback" not in err
    return " ".join(err.split())


@pytest.fixture
def yesterday() -> date:
    """Give the UTC day before this one, which has some minutes left: its demo is not tomorrow's."""
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    if midnight - now < timedelta(minutes=5):
        time.sleep((midnight - now).total_seconds() + 1)
    return datetime.now(UTC).date() - timedelta(days=1)


def _cells(out: str, title: str) -> dict[str, list[str]]:
    """Return the words of each row of the table with this title, by the row's first one."""
    _, _, table = out.partition(f"\n{title}")
    _, body, *_ = re.split(r"─ *\n|\n *\n", table.partition("─")[2])
    return {name: cells for name, *cells in map(str.split, body.splitlines())}


def test_demo_shows_the_days_costs_and_finds_every_planted_anomaly_twice_in_a_row(
    shell: Shell, yesterday: date
) -> None:
    # how many they are depends on the weekdays among the 30 days
    for new, billed in (
        (
            r"([\d,]{6}) reports of 30 days \(\1 of them new\)",
            r"Texts: 8, of which 0 .* 0\.02\d\d\.",
        ),
        (r"\(0 of them new\)", r"Texts: 5, of which 4 .*Billed: nothing\."),
    ):
        code, out, err = shell.run("demo")
        assert (code, err) == (0, _KEYLESS)
        assert re.search(new, " ".join(out.split()))
        assert f"Cost of {yesterday} (UTC) per tenant" in out
        assert "and 0 others." in out
        assert re.search(billed, " ".join(out.split()))
        assert _cells(out, "Documents and reviews") == {
            "northwind": ["2", "2", "9", "0"],
            "lucerne": ["2", "1", "6", "0"],
            "proseware": ["0", "0", "0", "1", "no", "Anthropic", "key"],
            "margie": ["0", "0", "0", "1", "Anthropic", "key", "rejected"],
        }
        assert "Extracting articles of tenant 'margie': the vendor rejects" in out
        assert "tenant margie was revoked on purpose" in " ".join(out.split())
        assert "potential_conflict (0.9" in out
        assert max(map(len, out.splitlines())) <= 80


def test_a_backfill_says_how_far_it_is_and_may_be_repeated(filled: Shell) -> None:
    for _ in range(2):
        code, out, _ = filled.run("backfill", "--from", f"{YESTERDAY}", "--to", f"{YESTERDAY}")
        assert code == 0
        assert "2/2" in out


def test_a_backfill_that_is_interrupted_goes_on_where_it_was(
    filled: Shell, instance: DagsterInstance
) -> None:
    days = ("--from", f"{YESTERDAY - timedelta(days=299)}", "--to", f"{YESTERDAY}")
    interrupted = filled.start("backfill", *days)
    while not instance.get_run_ids(_STARTED):
        assert interrupted.poll() is None
        time.sleep(0.02)
    interrupted.send_signal(signal.SIGTERM)
    assert "goes on from here" in interrupted.communicate()[0]
    assert interrupted.returncode == 128 + signal.SIGTERM
    code, out, _ = filled.run("backfill", *days)
    assert code == 0
    assert "500 partitions were done before the interruption" in out
    assert "600/600" in out


def test_sync_names_the_tenants_it_added(filled: Shell) -> None:
    assert "Added: acme, cold." in filled.run("tenants", "sync")[1]
    assert "Added: none." in filled.run("tenants", "sync")[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--from", "2026-13-01", "--to", "2026-04-01"), "'2026-13-01' is not a day."),
        (("--from", "2026-04-02", "--to", "2026-04-01"), "is reversed"),
        (("--from", "2025-04-02", "--to", "2026-04-01"), "2025-04-02 has no partition"),
        (("--from", "2026-04-02", "--to", "2999-04-01"), "2999-04-01 has no partition"),
        (("--from", "2026-04-02", "--to", "2026-04-02", "--tenant", "acmee"), "slug 'acmee'"),
        (("--from", "2026-04-02", "--to", "2026-04-02", "--tenant", "blue"), "is suspended"),
    ],
)
def test_a_backfill_of_what_is_not_there_is_one_sentence(
    filled: Shell, arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in _one_sentence(filled, "backfill", *arguments)


def test_a_wrong_url_is_one_sentence_that_shows_no_password(tmp_path: Path) -> None:
    shell = Shell(tmp_path, LOOPCTL_DATABASE_URL="postgresql://u:hunter2@127.0.0.1:1/x")
    sentence = _one_sentence(shell, "tenants", "sync")
    assert "Check host and port in LOOPCTL_DATABASE_URL" in sentence
    assert "hunter2" not in sentence


def test_a_setting_that_cannot_be_used_is_told_by_its_name(tmp_path: Path) -> None:
    shell = Shell(tmp_path, LOOPCTL_TRAILING_DAYS="many")
    assert "LOOPCTL_TRAILING_DAYS must be a whole number" in _one_sentence(shell, "demo")


def test_a_file_that_cannot_be_read_is_one_sentence(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "usage.csv").write_text("a,b\n1,2\n")
    sentence = _one_sentence(shell, "load", str(tmp_path / "usage.csv"))
    assert "Line 1: no column 'story'" in sentence
    assert "Nothing was loaded." in sentence


_HELP_OF_THE_API = """
import sys
from loopctl_pipelines.cli import main
sys.argv = ["loopctl-pipelines", "api", "--help"]
try:
    main()
finally:
    print("dagster" in sys.modules)
"""


def test_the_api_starts_without_dagster() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _HELP_OF_THE_API], capture_output=True, text=True, check=True
    )
    assert "Serve costs and the knowledge base" in ended.stdout
    assert ended.stdout.endswith("False\n")


def test_the_help_names_every_command(shell: Shell) -> None:
    code, out, _ = shell.run("--help")
    assert code == 0
    for name in ("demo", "dev", "backfill", "embed", "load", "anomalies", "api", "breaker", "db"):
        assert f" {name} " in out


def test_an_unknown_command_is_refused(shell: Shell) -> None:
    code, _, err = shell.run("embedd")
    assert code == 2
    assert "No such command 'embedd'" in err


def test_upgrade_may_be_repeated(shell: Shell) -> None:
    code, out, _ = shell.run("db", "upgrade")
    assert code == 0
    assert "none, they were all there" in " ".join(out.split())


def test_the_embedded_server_of_a_killed_command_is_used_and_stopped_by_the_next(
    tmp_path: Path,
) -> None:
    shell = Shell(tmp_path)
    assert shell.run("db", "upgrade")[0] == 0
    killed = shell.start("demo")
    while not (tmp_path / "postgres" / "data" / "postmaster.pid").exists():
        assert killed.poll() is None
        time.sleep(0.005)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert shell.run("tenants", "sync")[0] == 0
    assert not (tmp_path / "postgres" / "data" / "postmaster.pid").exists()


def _demo_whose_server_is_killed(
    shell: Shell, home: Path, during: str, then: Callable[[], None] = lambda: None
) -> tuple[int, str, str]:
    """Kill the server while the demo has this query under way, and return how the demo ends."""
    with EmbeddedServer(home) as server, psycopg.connect(server.url("postgres")) as watching:
        watching.autocommit = True
        command = shell.start("demo")
        while watching.execute(during).rowcount <= 1:  # one is the question itself
            assert command.poll() is None
            time.sleep(0.001)
        pid = (home / "postgres" / "data" / "postmaster.pid").read_text().split()[0]
        os.kill(int(pid), signal.SIGKILL)
        then()
        out, err = command.communicate()
    return command.wait(), out, err


def test_a_server_that_is_killed_under_a_command_is_one_sentence_and_the_command_works_again(
    tmp_path: Path,
) -> None:
    shell = Shell(tmp_path)
    assert shell.run("db", "upgrade")[0] == 0
    code, _, err = _demo_whose_server_is_killed(shell, tmp_path, _LOADS)
    assert code == 1
    assert "Traceback" not in err
    assert "The connection to PostgreSQL was lost" in " ".join(err.split())
    code, out, _ = shell.run("demo")
    assert code == 0
    assert "Materialized 300 partitions" in " ".join(out.split())


def test_a_rollup_outlasts_a_restart_of_the_server(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    assert shell.run("db", "upgrade")[0] == 0
    server = EmbeddedServer(tmp_path)
    try:
        code, out, err = _demo_whose_server_is_killed(shell, tmp_path, _ROLLS_UP, then=server.start)
    finally:
        server.stop()
    assert (code, err) == (0, _KEYLESS)
    assert "Materialized 300 partitions" in " ".join(out.split())
