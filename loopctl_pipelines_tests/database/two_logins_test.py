"""The way of two logins, copied from docs/database-permissions.md, works the first time."""

import re
from pathlib import Path

import psycopg
import pytest

from loopctl_pipelines_tests.database.password_server import PASSWORD, password_server
from loopctl_pipelines_tests.shell import Shell

_PAGE = Path(__file__).parents[2] / "docs" / "database-permissions.md"


def _as_superuser(port: int, text: str, database: str = "loopctl") -> None:
    with psycopg.connect(
        host="127.0.0.1",
        port=port,
        dbname=database,
        user="postgres",
        password=PASSWORD,
        autocommit=True,
    ) as connection:
        connection.execute(text.encode())


@pytest.mark.parametrize(("programs", "version"), [("pginstall", 16), ("pginstall18", 18)])
def test_an_owner_upgrades_and_an_operator_s_check_finds_nothing_missing(
    programs: str, version: int, tmp_path: Path
) -> None:
    before, after, dagster = re.findall(
        r"```sql\n(.*?)```", _PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    with password_server(programs) as port:
        address = f"127.0.0.1:{port}/loopctl"
        owner = Shell(tmp_path, LOOPCTL_DATABASE_URL=f"postgresql://loopctl_owner:o@{address}")
        # the page leaves the password out
        operator = owner.with_settings(
            LOOPCTL_DATABASE_URL=f"postgresql://loopctl_operator:...@{address}"
        )
        _as_superuser(port, "CREATE ROLE loopctl_owner LOGIN PASSWORD 'o'", "postgres")
        _as_superuser(port, "CREATE DATABASE loopctl OWNER loopctl_owner", "postgres")
        _as_superuser(port, before)
        assert owner.run("db", "upgrade")[::2] == (0, "")
        _as_superuser(port, after)
        _as_superuser(port, dagster)
        code, out, err = operator.run("check")
        assert (code, err) == (0, ""), out
        assert f"PostgreSQL {version}." in out
        assert "loopctl_operator, with a password" in out
        assert operator.run("tenants", "sync") == (0, "Added: none.\n", "")
