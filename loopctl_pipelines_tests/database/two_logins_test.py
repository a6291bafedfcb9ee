"""The way of two logins, copied from docs/database-permissions.md, works the first time."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from loopctl_pipelines_tests.database.password_server import as_superuser, password_server
from loopctl_pipelines_tests.database.permissions_page import page_sql
from loopctl_pipelines_tests.shell import Shell

_SHARED = Path("/usr/share/postgresql")
_DAY = datetime.now(UTC).date() - timedelta(days=3)


@dataclass(frozen=True, slots=True)
class _Logins:
    owner: Shell
    operator: Shell
    upgraded: str


@contextmanager
def _two_logins(
    programs: str | Path, version: int, folder: Path, *, vectors: bool
) -> Iterator[_Logins]:
    """Give both logins on a server that was set up as the page says, and what the upgrade said."""
    sql = page_sql()
    with password_server(programs) as port:
        address = f"127.0.0.1:{port}/loopctl"
        owner = Shell(folder, LOOPCTL_DATABASE_URL=f"postgresql://loopctl_owner:o@{address}")
        # the page leaves the password out
        operator = owner.with_settings(
            LOOPCTL_DATABASE_URL=f"postgresql://loopctl_operator:...@{address}"
        )
        as_superuser(port, "CREATE ROLE loopctl_owner LOGIN PASSWORD 'o'", "postgres")
        as_superuser(port, "CREATE DATABASE loopctl OWNER loopctl_owner", "postgres")
        as_superuser(port, sql.roles)
        if vectors:
            as_superuser(port, sql.extension)
        code, out, err = owner.run("db", "upgrade")
        assert (code, err) == (0, "")
        as_superuser(port, sql.rights)
        if vectors:
            as_superuser(port, sql.rights_on_articles)
        as_superuser(port, sql.dagster)
        if version == 15:
            as_superuser(port, sql.dagster_on_15, "loopctl_dagster")
        yield _Logins(owner, operator, out)


@pytest.mark.parametrize(("programs", "version"), [("pginstall", 16), ("pginstall18", 18)])
def test_an_owner_upgrades_and_an_operator_s_check_finds_nothing_missing(
    programs: str, version: int, tmp_path: Path
) -> None:
    with _two_logins(programs, version, tmp_path, vectors=True) as logins:
        code, out, err = logins.operator.run("check")
        assert (code, err) == (0, ""), out
        assert f"PostgreSQL {version}." in out
        assert "loopctl_operator, with a password" in out
        assert "not checked" not in out
        assert logins.operator.run("tenants", "sync") == (0, "Added: none.\n", "")


@pytest.fixture
def debian_programs() -> Path:
    """Give the folder of an installed PostgreSQL without pgvector; where CI runs, there is one."""
    found = [
        program.parent
        for program in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not (_SHARED / program.parents[1].name / "extension" / "vector.control").exists()
    ]
    if not found:
        reason = "PostgreSQL without pgvector is not installed (Debian: apt-get install postgresql)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return found[0]


def test_costs_work_on_debian_s_server_without_pgvector(
    debian_programs: Path, tmp_path: Path
) -> None:
    usage = tmp_path / "usage.csv"
    costs = [900, 10, 10, 10, 10]
    lines = [f"{_DAY}T12:00:00Z,acme,e,s{number},m,{cost}" for number, cost in enumerate(costs)]
    usage.write_text("\n".join(["at,tenant,epic,story,model,cost", *lines]))
    version = int(debian_programs.parent.name)
    with _two_logins(debian_programs, version, tmp_path, vectors=False) as logins:
        assert "pgvector is not installed on the server: costs work" in logins.upgraded
        code, out, err = logins.operator.run("check")
        assert (code, err) == (0, ""), out
        assert f"PostgreSQL {version}." in out
        assert logins.owner.run("load", str(usage))[0] == 0
        for command in (
            ("tenants", "sync"),
            ("backfill", "--from", str(_DAY), "--to", str(_DAY)),
            ("export", "--from", str(_DAY), "--to", str(_DAY)),
            ("alerts", "list"),
            ("status",),
        ):
            code, out, err = logins.operator.run(*command)
            assert code == 0, (command, out, err)
        assert "pgvector is not installed on the server: costs work" in " ".join(out.split())
        code, out, err = logins.operator.run("anomalies", "--type", "high_cost", "--json")
        assert (code, [each["story_title"] for each in json.loads(out)]) == (0, ["s0"]), err
        code, out, err = logins.operator.run("embed")
        assert (code, out) == (1, "")
        assert "pgvector is not installed on the server" in " ".join(err.split())
