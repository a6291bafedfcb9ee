"""`loopctl-pipelines load` says how it reads a file before it loads it."""

import json
from pathlib import Path

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines_tests.shell import Shell

SESSION = (
    '{"timestamp":"2026-01-02T03:04:05Z","project":"shop","session":"Pay\\u001b[2J",'
    '"usage":{"input_tokens":2,"cache_read_input_tokens":4000,"output_tokens":50},'
    '"cost_usd":0.123456,"api_key":"sk-secret"}\n'
)


@pytest.fixture
def sessions(tmp_path: Path) -> str:
    path = tmp_path / "sessions.jsonl"
    path.write_text(SESSION)
    return str(path)


def said(shell: Shell, *arguments: str, code: int = 0) -> str:
    ended, out, err = shell.run("load", *arguments)
    assert ended == code, err
    return " ".join((out if code == 0 else err).split())


def test_a_dry_run_shows_how_a_file_is_read_and_loads_nothing(
    shell: Shell, database: Database, sessions: str
) -> None:
    shown = said(shell, sessions, "--format", "agent-sessions", "--dry-run")
    assert "sessions.jsonl: JSON, utf-8, not packed." in shown
    assert "cache_read_tokens = usage.cache_read_input_tokens (counted as input)" in shown
    assert "rows with cache tokens, which are counted as input: 1 (first: line 1)" in shown
    assert "1 row: 0.12346 dollars, 4,002 input and 50 output tokens." in shown
    assert "story Pay\\x1b[2J" in shown
    assert "at (UTC) 2026-01-02 03:04:05" in shown
    assert "Nothing was loaded" in shown
    assert "sk-secret" not in shown
    assert list_tenants(database) == {}


def test_a_dry_run_needs_no_database(tmp_path: Path, sessions: str) -> None:
    shell = Shell(tmp_path, LOOPCTL_DATABASE_URL="postgresql://u@127.0.0.1:1/x")
    shown = said(shell, sessions, "--format", "agent-sessions", "--dry-run")
    assert "Nothing was loaded" in shown


def test_a_load_says_the_same_and_what_is_new(
    shell: Shell, database: Database, sessions: str
) -> None:
    columns = ("--map", "at=timestamp", "--map", "tenant=project")
    shown = said(shell, sessions, *columns, "--story-default", "Work", "--currency-unit", "cent")
    assert "- column 'usage.output_tokens' looks like tokens and is not mapped" in shown
    assert "1 row: 0.00123 dollars, 0 input and 0 output tokens." in shown
    assert "1 new report, 1 new tenant, 1 new story." in shown
    assert list(list_tenants(database)) == ["shop"]


def test_json_has_how_a_file_was_read_and_what_is_new(shell: Shell, sessions: str) -> None:
    code, out, err = shell.run("load", sessions, "--format", "agent-sessions", "--json")
    shown = json.loads(out)
    assert code == 0
    assert (shown["cost_usd"], shown["input_tokens"], shown["rows"]) == ("0.12346", 4002, 1)
    assert shown["loaded"]["reports"] == 1
    assert "1 new report," in err
    _, out, _ = shell.run("load", sessions, "--format", "agent-sessions", "--json", "--dry-run")
    assert json.loads(out)["loaded"] is None


def test_the_time_zone_and_the_decimal_mark_of_a_file_can_be_named(
    shell: Shell, tmp_path: Path
) -> None:
    path = tmp_path / "usage.csv"
    path.write_text("story;at;cost\nPay;4/2/2026 01:00;1,5\n")
    given = ("--decimal", ",", "--timezone", "Europe/Berlin", "--month-first", "--dry-run")
    shown = said(shell, str(path), *given)
    assert "at (UTC) 2026-04-01 23:00:00" in shown
    assert "1 row: 1.50000 dollars" in shown


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("--map", "price=cost", "the fields, each once, are tenant, project"),
        ("--map", "cost=", "the fields, each once, are tenant, project"),
        ("--timezone", "Mars/Olympus", "is not a time zone such as Europe/Berlin"),
        ("--decimal", ";", "expected . or ,"),
        ("--format", "excel", "agent-sessions"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused(
    shell: Shell, sessions: str, option: str, value: str, problem: str
) -> None:
    shown = said(shell, sessions, option, value, code=2).replace("│ ", "").replace(" │", "")
    assert problem in " ".join(shown.split())
