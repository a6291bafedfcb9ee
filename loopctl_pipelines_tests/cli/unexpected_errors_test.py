"""A command that fails says why in a sentence: the right that is missing, or the error's class."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import sqlalchemy.exc
from psycopg import sql

from loopctl_pipelines.cli.unexpected_errors import sentence_of
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.conftest import ROLE
from loopctl_pipelines_tests.shell import Shell
from loopctl_pipelines_tests.usage import Usage, id_of

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
BACKFILL = ("backfill", "--from", f"{YESTERDAY}", "--to", f"{YESTERDAY}")


def _said(shell: Shell, *arguments: str) -> str:
    code, out, err = shell.run(*arguments)
    assert code == 1
    assert "Traceback" not in err
    return " ".join((out + err).split())


def _change(url: str, *statements: str, **names: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for each in statements:
            identifiers = {name: sql.Identifier(value) for name, value in names.items()}
            connection.execute(sql.SQL(each).format(**identifiers).as_string().encode())


def _login_of(url: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(url)["user"])


@pytest.mark.parametrize("command", [("tenants", "sync"), BACKFILL], ids=" ".join)
def test_a_login_whose_membership_was_revoked_sees_the_grant(
    command: tuple[str, ...], shell: Shell, database_url: str, bound_url: str
) -> None:
    login = _login_of(bound_url)
    _change(database_url, "REVOKE {role} FROM {login}", role=ROLE, login=login)
    said = _said(shell.with_settings(LOOPCTL_DATABASE_URL=bound_url), *command)
    assert f"Run GRANT loopctl_app TO {login};" in said


@pytest.mark.parametrize(
    ("granted", "lacking"),
    [
        ((), "GRANT USAGE ON SCHEMA loopctl_pipelines TO {login};"),
        (
            ("GRANT USAGE ON SCHEMA loopctl_pipelines TO {login}",),
            "GRANT SELECT ON loopctl_pipelines.alembic_version TO {login};",
        ),
        (
            (
                "GRANT USAGE ON SCHEMA loopctl_pipelines TO {login}",
                "GRANT SELECT ON loopctl_pipelines.alembic_version TO {login}",
            ),
            "GRANT SELECT ON public.tenants TO {login};",
        ),
    ],
)
def test_a_login_that_lacks_a_right_sees_the_grant(
    granted: tuple[str, ...], lacking: str, shell: Shell, database_url: str, bound_url: str
) -> None:
    login = _login_of(bound_url)
    _change(database_url, "ALTER ROLE {login} NOINHERIT", login=login)
    _change(database_url, "REVOKE {role} FROM {login}", role=ROLE, login=login)
    _change(database_url, "GRANT {role} TO {login}", *granted, role=ROLE, login=login)
    said = _said(shell.with_settings(LOOPCTL_DATABASE_URL=bound_url), "tenants", "sync")
    assert lacking.format(login=login) in said


def test_a_role_that_lacks_rights_sees_the_grants(shell: Shell, database_url: str) -> None:
    _change(database_url, "REVOKE UPDATE, DELETE ON cost_anomalies FROM loopctl_app")
    said = _said(shell, "tenants", "sync")
    assert "lacks DELETE on cost_anomalies, UPDATE on cost_anomalies." in said
    assert "Run GRANT DELETE, UPDATE ON cost_anomalies TO loopctl_app;" in said


def test_an_error_that_nobody_foresaw_is_told_by_class_and_sqlstate(
    shell: Shell, database_url: str
) -> None:
    _change(database_url, "ALTER TABLE tenants RENAME COLUMN slug TO slugs")
    said = _said(shell, "tenants", "sync")
    assert "(UndefinedColumn, SQLSTATE 42703)" in said
    assert "--traceback" in said
    code, _, err = shell.run("--traceback", "tenants", "sync")
    assert code == 1
    assert "Traceback" in err


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (ValueError("hunter2"), "An unexpected error ended the command: ValueError."),
        (psycopg.errors.DiskFull("hunter2"), "disk is full (DiskFull, SQLSTATE 53100)"),
        (psycopg.errors.OutOfMemory("hunter2"), "out of memory (OutOfMemory, SQLSTATE 53200)"),
        (
            sqlalchemy.exc.ProgrammingError(
                "hunter2", None, psycopg.errors.UndefinedTable("hunter2")
            ),
            "(UndefinedTable, SQLSTATE 42P01)",
        ),
        (psycopg.OperationalError("hunter2"), "The connection to PostgreSQL was lost"),
        (psycopg.errors.AdminShutdown("hunter2"), "The connection to PostgreSQL was lost"),
        (RuntimeError("can't start new thread"), "lets this process start no more threads"),
    ],
    ids=repr,
)
def test_the_sentence_names_the_class_and_repeats_no_text(error: Exception, part: str) -> None:
    assert part in sentence_of(error)
    assert "hunter2" not in sentence_of(error)


@pytest.mark.parametrize(
    ("accepted", "done", "failed"),
    [("false", "0/2", "2 failed"), (f"tenant_id = '{id_of('acme')}'", "1/2", "1 failed")],
    ids=["none", "one"],
)
def test_a_backfill_counts_what_failed_apart_from_what_landed(
    accepted: str, done: str, failed: str, shell: Shell, database: Database
) -> None:
    usage = Usage()
    for slug in ("acme", "cold"):
        usage.report(slug, YESTERDAY, 12_345)
    usage.write(database)
    with database.operator_transaction() as connection:
        connection.execute(f"ALTER TABLE cost_summaries ADD CHECK ({accepted})".encode())
    said = _said(shell, *BACKFILL)
    assert done in said
    assert failed in said
    assert "2/2" not in said
