"""The embedded server: shared, private, and none the worse for a kill."""

import multiprocessing
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from loopctl_pipelines.database.embedded import EmbeddedServer

NO_SYNC = {"fsync": "off"}


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    yield folder / "home"
    shutil.rmtree(folder, ignore_errors=True)


def _pid(home: Path) -> int:
    return int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


def _use(home: Path) -> None:
    with EmbeddedServer(home, settings=NO_SYNC) as server:
        psycopg.connect(server.url("loopctl")).close()


def test_the_last_user_stops_the_server_and_the_data_stays(home: Path) -> None:
    with EmbeddedServer(home, settings=NO_SYNC) as first:
        with psycopg.connect(first.url("loopctl")) as connection:
            connection.execute("CREATE TABLE kept (id int)")
        with EmbeddedServer(home, settings=NO_SYNC) as second:
            assert second.url("loopctl") == first.url("loopctl")
        psycopg.connect(first.url("loopctl")).close()
    assert not (home / "postgres" / "data" / "postmaster.pid").exists()
    with (
        EmbeddedServer(home, settings=NO_SYNC) as again,
        psycopg.connect(again.url("loopctl")) as connection,
    ):
        connection.execute("SELECT id FROM kept")


def test_a_killed_server_is_started_again(home: Path) -> None:
    server = EmbeddedServer(home, settings=NO_SYNC)
    server.start()
    working = psycopg.connect(server.url("loopctl"))
    os.kill(_pid(home), signal.SIGKILL)
    with EmbeddedServer(home, settings=NO_SYNC) as again:
        psycopg.connect(again.url("loopctl")).close()
        with pytest.raises(psycopg.OperationalError):
            working.execute("SELECT 1")
    server.stop()


def test_a_pid_file_that_names_another_program_is_stale(home: Path) -> None:
    _use(home)
    (home / "postgres" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    _use(home)


def test_four_processes_that_start_at_once_share_one_server(home: Path) -> None:
    processes = [multiprocessing.Process(target=_use, args=(home,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]


def test_an_interrupted_setup_is_done_over(home: Path) -> None:
    _use(home)
    (home / "postgres" / "data" / "PG_VERSION").unlink()
    _use(home)


def test_only_the_server_s_account_may_enter_its_folders(home: Path) -> None:
    with EmbeddedServer(home, settings=NO_SYNC):
        folder = (home / "postgres").resolve()
        for private in (folder, folder / "data", folder / "socket"):
            assert private.stat().st_mode & 0o077 == 0


def test_a_long_path_gets_its_socket_elsewhere(home: Path) -> None:
    _use(home / ("x" * 90) / ("y" * 90))
