"""Each kind of failed connection has its own sentence, directly and through the pool."""

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from loopctl_pipelines.database.connection import Database, connect
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.errors import DatabaseNotUsableError, DatabaseUnreachableError
from loopctl_pipelines_tests.database.forwarder import tcp_port

PASSWORD = "hunter2"  # noqa: S105 - of a server that ends with the test
ROLES = """
CREATE ROLE app LOGIN PASSWORD 'right';
CREATE ROLE asleep NOLOGIN PASSWORD 'right';
CREATE ROLE refused LOGIN;
CREATE ROLE full_role LOGIN CONNECTION LIMIT 0;
CREATE ROLE outsider LOGIN;
CREATE DATABASE closed;
REVOKE CONNECT ON DATABASE closed FROM PUBLIC;
"""
ACCESS = """
local all app,asleep scram-sha-256
local all refused reject
local all unmapped peer
local all all trust
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Give the address of a server that asks for passwords; `user:password@` is to be put in."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        server = EmbeddedServer(Path(folder) / "home", settings={"fsync": "off"})
        stack.enter_context(server)
        url = server.url("loopctl")
        with psycopg.connect(url, autocommit=True) as connection:
            for role in ROLES.strip().splitlines():
                connection.execute(role.encode())
            (path,) = connection.execute("SHOW hba_file").fetchone() or ("",)
            lines = ", ".join(f"('{line}')" for line in ACCESS.strip().splitlines())
            connection.execute(f"COPY (VALUES {lines}) TO '{path}'".encode())
            connection.execute("SELECT pg_reload_conf()")
        parts = conninfo_to_dict(url)
        port = stack.enter_context(tcp_port(f"{parts['host']}/.s.PGSQL.5432"))
        _wait_until_reloaded(f"postgresql://refused@127.0.0.1:{port}/loopctl")
        yield f"127.0.0.1:{port}"


def _wait_until_reloaded(url: str) -> None:
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            return


@contextmanager
def _other_program() -> Iterator[int]:
    """Listen as a web server would."""

    def answer(listening: socket.socket) -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            client.recv(1024)
            client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            client.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=answer, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


CASES = {
    "a wrong password": (f"app:{PASSWORD}@{{}}/loopctl", "28P01", "password is missing or wrong"),
    "no password": ("app@{}/loopctl", "28P01", "password is missing or wrong"),
    "no such user": ("nobody@{}/loopctl", "28000", "there is no such user"),
    "a role that may not log in": ("asleep:right@{}/loopctl", "28000", "ALTER ROLE asleep LOGIN"),
    "no such database": ("postgres@{}/nothing", "3D000", "there is no such database"),
    "no right to connect": (
        "outsider@{}/closed",
        "42501",
        "GRANT CONNECT ON DATABASE closed TO outsider;",
    ),
    "the limit of a role": ("full_role@{}/loopctl", "53300", "Lower LOOPCTL_CONNECTIONS"),
    "TLS demanded": ("postgres@{}/loopctl?sslmode=require", "08001", "does not offer it"),
    "pg_hba.conf": ("refused@{}/loopctl", "28000", "pg_hba.conf refuses"),
    "another authentication": ("unmapped@{}/loopctl", "28000", "the login was rejected"),
    "a primary where a standby is demanded": (
        "postgres@{}/loopctl?target_session_attrs=standby",
        "08001",
        "target_session_attrs",
    ),
    "another way to log in demanded": (
        "postgres@{}/loopctl?require_auth=scram-sha-256",
        "08001",
        "require_auth",
    ),
    "an unknown host": ("app@no-such-host.invalid/loopctl", "08001", "name is unknown"),
    "a closed port": ("app@127.0.0.1:1/loopctl", "08001", "nothing listens there"),
    "no socket": ("app@/loopctl?host=%2Fnowhere", "08001", "nothing listens there"),
    "an unusable parameter": ("postgres@{}/loopctl?options=-c%20no%3D1", "08001", "what follows"),
    "a parameter that libpq does not know": ("app@h/d?pgbouncer=true", "08001", "'pgbouncer'"),
    "an unescaped percent sign": (f"app:{PASSWORD}%z@h/d", "08001", "written as %25"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_failed_connection_is_told_by_its_kind(address: str, case: str) -> None:
    url, sqlstate, part = CASES[case]
    with pytest.raises(DatabaseUnreachableError) as caught:
        connect(f"postgresql://{url.format(address)}")
    assert part in str(caught.value)
    assert caught.value.sqlstate == sqlstate
    assert PASSWORD not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("case", ["a wrong password", "no such database", "a closed port"])
def test_the_pool_tells_the_kind_too(address: str, case: str) -> None:
    url, sqlstate, part = CASES[case]
    pooled = Database(f"postgresql://{url.format(address)}", "loopctl_app", patience=0.5)
    with (
        closing(pooled) as database,
        pytest.raises(DatabaseUnreachableError) as caught,
        database.operator_transaction(),
    ):
        pass
    assert part in str(caught.value)
    assert caught.value.sqlstate == sqlstate


def test_host_port_database_and_user_are_told(address: str) -> None:
    host, port = address.split(":")
    with pytest.raises(DatabaseUnreachableError) as caught:
        connect(f"postgresql://app:{PASSWORD}@{address}/loopctl")
    assert f"(host {host}, port {port}, database loopctl, user app)" in str(caught.value)


def test_a_read_only_server_is_told_where_a_writable_one_is_demanded(address: str) -> None:
    url = f"postgresql://postgres@{address}/loopctl"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE reader LOGIN")
        connection.execute("ALTER ROLE reader SET default_transaction_read_only = on")
    with pytest.raises(DatabaseUnreachableError, match="the server is read-only") as caught:
        connect(f"postgresql://reader@{address}/loopctl?target_session_attrs=read-write")
    assert caught.value.sqlstate == "25006"


def test_another_program_at_the_port_is_told(address: str) -> None:
    assert address
    with _other_program() as port, pytest.raises(DatabaseUnreachableError, match="other than"):
        connect(f"postgresql://app@127.0.0.1:{port}/loopctl")


def test_connections_that_stay_in_use_are_told_with_the_setting(database_url: str) -> None:
    pooled = Database(database_url, "loopctl_app", connections=1, patience=0.2)
    with (
        closing(pooled) as database,
        database.operator_transaction(),
        pytest.raises(DatabaseUnreachableError, match="Raise LOOPCTL_CONNECTIONS"),
        database.operator_transaction(),
    ):
        pass


def test_a_system_that_starts_no_more_threads_is_told(database_url: str) -> None:
    with closing(Database(database_url, "loopctl_app")) as database:
        before = threading.stack_size(2**46)  # more than there is to address
        try:
            with (
                pytest.raises(DatabaseNotUsableError, match="start no more threads"),
                database.operator_transaction(),
            ):
                pass
        finally:
            threading.stack_size(before)
