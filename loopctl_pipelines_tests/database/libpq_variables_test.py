"""What the environment says to libpq is for another server than the embedded one."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
import psycopg2
import pytest

from loopctl_pipelines.database.dagster_database import dagster_url
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines_tests.shell import Shell

VARIABLES: Final = {
    "PGCHANNELBINDING": "require",
    "PGCLIENTENCODING": "LATIN1",
    "PGDATABASE": "nothing",
    "PGDATESTYLE": "SQL, DMY",
    "PGGSSENCMODE": "require",
    "PGHOST": "nowhere.invalid",
    "PGHOSTADDR": "192.0.2.1",
    "PGOPTIONS": "-c default_transaction_read_only=on -c search_path=pg_catalog",
    "PGPASSFILE": "/nowhere",
    "PGPORT": "1",
    "PGREQUIREAUTH": "scram-sha-256",
    "PGREQUIREPEER": "nobody",
    "PGSERVICE": "nothing",
    "PGSERVICEFILE": "/nowhere",
    "PGSSLCERTMODE": "require",
    "PGSSLMODE": "verify-full",
    "PGSSLNEGOTIATION": "direct",
    "PGSSLROOTCERT": "/nowhere",
    "PGSYSCONFDIR": "/nowhere",
    "PGTARGETSESSIONATTRS": "standby",
    "PGTZ": "Pacific/Kiritimati",
    "PGUSER": "nobody",
}


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Give the home of a server that runs."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with EmbeddedServer(home, settings={"fsync": "off"}):
            yield home


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_does_not_reach_the_embedded_server_s_connections(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, VARIABLES[name])
    with EmbeddedServer(home) as server:
        url = server.url("loopctl")
        # ours and Alembic's, then Dagster's
        with psycopg.connect(url) as ours:
            assert ours.execute("SHOW DateStyle").fetchone() == ("ISO, MDY",)
            assert ours.info.encoding == "utf-8"
            assert ours.execute("CREATE TEMP TABLE writable ()").rowcount == -1
        psycopg2.connect(dagster_url(url)).close()
    assert name not in os.environ


def test_commands_work_with_all_of_the_variables(tmp_path: Path) -> None:
    shell = Shell(tmp_path, **VARIABLES)
    code, _, err = shell.run("db", "upgrade")
    assert (code, err) == (0, "")
    code, out, err = shell.run("tenants", "sync")
    assert (code, err) == (0, "")
    assert "Added: none." in out


def test_an_upgrade_works_after_the_variables_were_set(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    with EmbeddedServer(home) as server:
        assert upgrade(server.url("upgraded")).created
