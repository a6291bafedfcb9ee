"""`loopctl-pipelines db`: the schema as JSON, and psql with the right connection."""

import json
from pathlib import Path

import pytest

from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines_tests.shell import Shell

SECRET = "hunter2"  # noqa: S105 - it is looked for


@pytest.fixture
def psql(tmp_path: Path) -> Path:
    """Have a psql in front of the PATH that shows what it was given, and return its folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "psql"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" "env $PGPASSWORD"\nexit 3\n')
    program.chmod(0o755)
    return folder


def test_an_upgrade_is_json(shell: Shell) -> None:
    code, out, err = shell.run("db", "upgrade", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["created"] == []


def test_psql_runs_on_loopctls_database(shell: Shell, database_url: str) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    code, out, _ = shell.run("db", "psql", "-XAtc", "SELECT current_database()")
    assert (code, out) == (0, f"{name}\n")


def test_the_password_is_not_among_psqls_arguments(psql: Path, tmp_path: Path) -> None:
    url = f"postgresql://u:{SECRET}@db.example:6432/loopctl?sslmode=require"
    shell = Shell(tmp_path, LOOPCTL_DATABASE_URL=url, PATH=f"{psql}:/usr/bin:/bin")
    code, out, _ = shell.run("db", "psql", "-c", "SELECT 1")
    connection, *arguments, environment = out.splitlines()
    assert code == 3
    assert set(connection.split()) == {
        "user=u",
        "host=db.example",
        "port=6432",
        "dbname=loopctl",
        "sslmode=require",
    }
    assert arguments == ["-c", "SELECT 1"]
    assert environment == f"env {SECRET}"


def test_a_secret_that_psql_would_show_is_refused(psql: Path, tmp_path: Path) -> None:
    url = f"postgresql://u@db.example/loopctl?sslpassword={SECRET}"
    shell = Shell(tmp_path, LOOPCTL_DATABASE_URL=url, PATH=f"{psql}:/usr/bin:/bin")
    code, out, err = shell.run("db", "psql")
    assert (code, out) == (1, "")
    assert "has sslpassword, which psql would show" in " ".join(err.split())
    assert SECRET not in err


def test_the_url_of_the_embedded_server_is_printed_alone(own_server: EmbeddedServer) -> None:
    home = own_server._home  # noqa: SLF001 - the server of the command is the same one
    code, out, err = Shell(home).run("db", "url")
    assert (code, out) == (0, f"{own_server.url('loopctl')}\n")
    assert "It answers while a command uses it" in " ".join(err.split())


def test_there_is_no_url_of_an_embedded_server_that_is_not_used(shell: Shell) -> None:
    code, out, err = shell.run("db", "url")
    assert (code, out) == (1, "")
    assert "the embedded PostgreSQL is not used" in " ".join(err.split())
