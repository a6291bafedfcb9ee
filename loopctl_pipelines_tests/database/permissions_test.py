"""The logins of docs/database-permissions.md: its SQL is run, and the rights suffice."""

import base64
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines_tests.database.permissions_page import page_sql
from loopctl_pipelines_tests.knowledge.embedding.knowledge import CLOAK_KEY, KEY, Knowledge
from loopctl_pipelines_tests.shell import Shell
from loopctl_pipelines_tests.usage import Usage, id_of

_DAY = datetime.now(UTC).date() - timedelta(days=3)
_OWNER, _OPERATOR = "loopctl_owner", "loopctl_operator"


def _url(server: EmbeddedServer, login: str) -> str:
    return server.url("loopctl").replace("postgres@", f"{login}@", 1)


def _as_superuser(server: EmbeddedServer, text: str, database: str = "loopctl") -> None:
    with psycopg.connect(server.url(database), autocommit=True) as connection:
        connection.execute(text.encode())


@pytest.fixture
def upgraded(own_server: EmbeddedServer, tmp_path: Path) -> EmbeddedServer:
    """Give a server whose owner has upgraded its database, and whose operator has a login."""
    sql = page_sql()
    _as_superuser(own_server, f"CREATE ROLE {_OWNER} LOGIN", "postgres")
    _as_superuser(own_server, f"CREATE DATABASE loopctl OWNER {_OWNER}", "postgres")
    _as_superuser(own_server, sql.roles)
    _as_superuser(own_server, sql.extension)
    owner = Shell(tmp_path, LOOPCTL_DATABASE_URL=_url(own_server, _OWNER))
    assert owner.run("db", "upgrade")[::2] == (0, "")
    _as_superuser(own_server, sql.rights)
    _as_superuser(own_server, sql.rights_on_articles)
    _as_superuser(own_server, sql.dagster)
    return own_server


@pytest.fixture
def operator(upgraded: EmbeddedServer, tmp_path: Path) -> Iterator[Shell]:
    """Give the operator's command line, on a database with usage and an article."""
    usage = Usage()
    for number in range(5):
        usage.report("a", _DAY, 9_000 if number == 0 else 10, story=f"s{number}")
    with closing(Database(_url(upgraded, _OWNER), "loopctl_app")) as database:
        usage.write(database)
        knowledge = Knowledge(database)
        knowledge.set_key("a", KEY)
        knowledge.article("a", "An article")
    with LoopbackServer([KEY]) as provider:
        yield Shell(
            tmp_path,
            LOOPCTL_DATABASE_URL=_url(upgraded, _OPERATOR),
            LOOPCTL_CLOAK_KEY=base64.b64encode(CLOAK_KEY).decode(),
            LOOPCTL_EMBEDDING_BASE_URL=provider.base_url,
            # on a slow machine the first request takes seconds
            LOOPCTL_EMBEDDING_DEADLINE_SECONDS="120",
        )


def test_the_owner_upgrades_and_the_operator_s_login_does_the_daily_work(
    operator: Shell, upgraded: EmbeddedServer
) -> None:
    code, out, err = operator.run("check")
    assert (code, err) == (0, ""), out
    assert "Added: a." in operator.run("tenants", "sync")[1]
    # nothing listens there
    alerts = operator.with_settings(LOOPCTL_ALERT_URLS="json://127.0.0.1:9")
    assert alerts.run("alerts", "send")[::2] == (0, "")
    code, out, err = operator.run("backfill", "--from", str(_DAY), "--to", str(_DAY))
    assert (code, err) == (0, ""), out
    code, out, err = alerts.run("alerts", "send")
    assert (code, err) == (0, ""), out
    assert "1 of them to be alerted" in " ".join(out.split())
    code, out, err = operator.run("embed")
    assert (code, err) == (0, ""), out
    assert "1/1" in out
    with closing(Database(_url(upgraded, _OPERATOR), "loopctl_app")) as database:
        assert Knowledge(database).embedded("a") == {"An article"}
        with database.tenant_transaction(id_of("a")) as connection:
            [(summaries, anomalies, audited)] = connection.execute(
                "SELECT (SELECT count(*) FROM cost_summaries),"
                " (SELECT count(*) FROM cost_anomalies),"
                " (SELECT count(*) FROM audit_log WHERE action = 'detected')"
            ).fetchall()
    assert (summaries, anomalies) == (3, audited)
    assert anomalies > 0
    assert _starts(operator, "api", "--port", "0")


def test_the_operator_s_login_may_change_nothing_but_what_the_page_says(
    upgraded: EmbeddedServer,
) -> None:
    with psycopg.connect(_url(upgraded, _OPERATOR), autocommit=True) as connection:
        for table in ("tenants", "token_usage_reports", "cost_summaries", "articles", "audit_log"):
            for change in ("DELETE FROM {}", "UPDATE {} SET id = id"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(sql.SQL(change).format(sql.Identifier(table)).as_bytes())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE public.mine ()")


def _starts(shell: Shell, *arguments: str) -> bool:
    """Return whether a server's command gets as far as to serve; then end it."""
    with shell.start(*arguments) as command:
        assert command.stderr
        lines = iter(command.stderr.readline, "")
        found = any("Uvicorn running" in line or "running on" in line for line in lines)
        command.terminate()
    return found
