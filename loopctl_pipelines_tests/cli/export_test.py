"""`loopctl-pipelines export`: rows on stdout or in a file, everything else on stderr."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest
from pyarrow import parquet

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.runs import roll_up_all, unit
from loopctl_pipelines_tests.shell import Shell
from loopctl_pipelines_tests.usage import Usage

DAY = date(2026, 4, 2)
DAYS = ("--from", str(DAY), "--to", str(DAY))


@pytest.fixture
def summarized(database: Database, shell: Shell) -> Shell:
    usage = Usage()
    for slug in ("acme", "gone"):
        usage.tenant(slug, "suspended" if slug == "gone" else "active")
        usage.report(slug, DAY, 12_345)
    usage.write(database)
    roll_up_all(database, [unit(slug, DAY) for slug in ("acme", "gone")])
    return shell


def test_stdout_has_the_rows_alone(summarized: Shell) -> None:
    code, out, err = summarized.run("export", *DAYS)
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["tenant"], row["cost_usd"]) for row in rows] == [
        ("acme", "0.12345"),
        ("gone", "0.12345"),
    ]
    assert "2 rows by project: 0.24690 dollars, 200 input and 20 output tokens." in err


def test_the_rows_of_one_tenant_and_two_scopes_are_json(summarized: Shell) -> None:
    scopes = ("--scope", "epic", "--scope", "agent")
    code, out, err = summarized.run(
        "export", *DAYS, "--format", "json", "--tenant", "acme", *scopes
    )
    assert code == 0
    assert [(row["tenant"], row["scope"]) for row in json.loads(out)] == [
        ("acme", "epic"),
        ("acme", "agent"),
    ]
    assert "add up the rows of one scope only" in " ".join(err.split())


def test_a_file_is_written_whole(summarized: Shell, tmp_path: Path) -> None:
    path = tmp_path / "costs.parquet"
    code, out, err = summarized.run("export", *DAYS, "--format", "parquet", "--output", str(path))
    assert (code, out) == (0, "")
    assert "costs.parquet" in err
    assert parquet.read_table(path).column("tenant").to_pylist() == ["acme", "gone"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--from", "2026-4-2", "--to", "2026-04-02"), "'2026-4-2' is not a day"),
        (("--from", "2026-04-03", "--to", "2026-04-02"), "is reversed"),
        ((*DAYS, "--tenant", "nobody"), "'nobody'"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(
    summarized: Shell, arguments: tuple[str, ...], sentence: str
) -> None:
    code, out, err = summarized.run("export", *arguments)
    assert (code, out) == (1, "")
    assert sentence in " ".join(err.split())


def test_days_without_summaries_are_an_empty_table_and_a_hint(shell: Shell) -> None:
    code, out, err = shell.run("export", *DAYS)
    assert code == 0
    assert len(out.splitlines()) == 1
    assert "`loopctl-pipelines backfill` computes them" in " ".join(err.split())
