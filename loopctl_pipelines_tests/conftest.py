"""One embedded server a session, shared by all workers; one database a test, from a template."""

import itertools
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from fcntl import LOCK_EX, flock
from functools import cache, partial
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from dagster import DagsterInstance
from hypothesis import settings
from psycopg import sql

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines.orchestration.instance import dagster_instance
from loopctl_pipelines_tests import memory_tablespace
from loopctl_pipelines_tests.long_first import long_first
from loopctl_pipelines_tests.shell import Shell

ROLE = "loopctl_app"
_TEMPLATE = "migrated"
_DAGSTER_TEMPLATE = "dagster_migrated"
_numbers = itertools.count()

# The same examples on every run: a change is not refused for what it did not touch. New examples
# are looked for by `pytest --hypothesis-profile=default`.
settings.load_profile("ci")

NewDatabase = Callable[[], AbstractContextManager[str]]


def pytest_configure(config: pytest.Config) -> None:
    """Give child processes SIGINT's default, which a shell's background job would ignore.

    And let them keep the bytecode of what they import: else each compiles for 2.5 s.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not _is_worker(config):
        memory_tablespace.make_folder()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what only this session needs."""
    if not _is_worker(config):
        memory_tablespace.remove_folder()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have no worker begin its longest test when the others are done."""
    if _is_worker(config):
        workers: int = getattr(config, "workerinput", {})["workercount"]
        items[:] = long_first(items, lambda item: item.location[0], workers)


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_xdist_auto_num_workers() -> int:
    """Return three workers for two processors: half of a worker's time is waiting, not computing.

    Tests wait for PostgreSQL, for child processes and for deadlines: 571 s of processor time in two
    workers of 604 s each.
    """
    return max(2, 3 * (os.cpu_count() or 1) // 2)


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Give the folder of this run of the tests, which its workers share."""
    folder = tmp_path_factory.getbasetemp()
    return folder if worker_id == "master" else folder.parent


@pytest.fixture(scope="session")
def server(session_folder: Path) -> Iterator[EmbeddedServer]:
    # nothing here outlives the session, so nothing has to reach the disk
    in_memory = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    with EmbeddedServer(session_folder / "server", settings=in_memory) as server:
        yield server


@pytest.fixture
def own_server() -> Iterator[EmbeddedServer]:
    """Give a server of the test's own, started, which it may stop."""
    folder = Path(tempfile.mkdtemp())
    with EmbeddedServer(folder / "home", settings={"fsync": "off"}) as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database_place(server: EmbeddedServer, session_folder: Path) -> sql.Composable:
    """Give the end of CREATE DATABASE: in memory, if there is enough."""
    _once(session_folder / "database_place", partial(memory_tablespace.make, server))
    return memory_tablespace.place()


@pytest.fixture(scope="session")
def template(server: EmbeddedServer, session_folder: Path) -> str:
    _once(session_folder / "template", lambda: upgrade(server.url(_TEMPLATE), ROLE))
    return _TEMPLATE


@pytest.fixture(scope="session")
def new_database(
    server: EmbeddedServer, database_place: sql.Composable, template: str
) -> NewDatabase:
    """Give a function that makes such a database as `database_url`'s, for a block."""
    return partial(_database, server, database_place, template)


@pytest.fixture(scope="session")
def new_empty_database(server: EmbeddedServer, database_place: sql.Composable) -> NewDatabase:
    """Give a function that makes such a database as `empty_database`'s, for a block."""
    return partial(_database, server, database_place, "template1")


@pytest.fixture
def empty_database(new_empty_database: NewDatabase) -> Iterator[str]:
    """Give the URL of a database without any table."""
    with new_empty_database() as url:
        yield url


@pytest.fixture
def database_url(
    server: EmbeddedServer, database_place: sql.Composable, template: str
) -> Iterator[str]:
    """Give the URL of a database with loopctl's tables and ours, all empty."""
    with _database(server, database_place, template) as url:
        yield url


@pytest.fixture
def bound_url(database_url: str) -> str:
    """Give that database's URL for a login that is a member of the role, and no more than that."""
    login = f"bound_{uuid4().hex}"
    names = {"login": sql.Identifier(login), "role": sql.Identifier(ROLE)}
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {login} LOGIN").format(**names))
        connection.execute(sql.SQL("GRANT {role} TO {login}").format(**names))
    return database_url.replace("postgres@", f"{login}@", 1)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give that database, tenant transactions in a role that row-level security binds."""
    database = Database(database_url, ROLE)
    yield database
    database.close()


@pytest.fixture(scope="session")
def dagster_template(server: EmbeddedServer, session_folder: Path) -> str:
    def make() -> None:
        with _instance(server.url(_DAGSTER_TEMPLATE), session_folder / "dagster_template"):
            pass

    _once(session_folder / "dagster_template.made", make)
    return _DAGSTER_TEMPLATE


@pytest.fixture
def dagster_url(
    server: EmbeddedServer, database_place: sql.Composable, dagster_template: str
) -> Iterator[str]:
    """Give the URL of an empty storage of Dagster's."""
    with _database(server, database_place, dagster_template) as url:
        yield url


@pytest.fixture
def instance(dagster_url: str, tmp_path: Path) -> Iterator[DagsterInstance]:
    """Give a Dagster instance on that storage, configured as the project's."""
    with _instance(dagster_url, tmp_path) as instance:
        yield instance


@pytest.fixture
def shell(database_url: str, dagster_url: str, tmp_path: Path) -> Shell:
    """Give the command line on that database, with that storage of Dagster's."""
    return Shell(tmp_path, LOOPCTL_DATABASE_URL=database_url, LOOPCTL_DAGSTER_URL=dagster_url)


@pytest.fixture
def shared_folder() -> Path:
    """Give the folder of the real files, or skip the test, visibly."""
    folder = Path(__file__).parents[2] / "shared"
    if not folder.exists():
        pytest.skip("the folder ../shared with real files is not here")
    return folder


@contextmanager
def _instance(url: str, home: Path) -> Iterator[DagsterInstance]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOOPCTL_DAGSTER_URL", url)
        with dagster_instance(home) as instance:
            yield instance


def _once(marker: Path, make: Callable[[], object]) -> None:
    """Have one worker make something; the others wait, and do not touch it.

    A database cannot be a template while another worker is connected to it.
    """
    with marker.with_suffix(".lock").open("w") as held:
        flock(held, LOCK_EX)
        if not marker.exists():
            make()
            marker.touch()


@contextmanager
def _database(
    server: EmbeddedServer, database_place: sql.Composable, template: str
) -> Iterator[str]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    admin = _admin_url(server)
    names = {
        "name": sql.Identifier(name),
        "template": sql.Identifier(template),
        "place": database_place,
    }
    with psycopg.connect(admin, autocommit=True) as connection:
        create = sql.SQL("CREATE DATABASE {name} TEMPLATE {template} {place}")
        connection.execute(create.format(**names))
    yield admin.replace("/postgres?", f"/{name}?", 1)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**names))


@cache
def _admin_url(server: EmbeddedServer) -> str:
    return server.url("postgres")  # it asks the server each time
