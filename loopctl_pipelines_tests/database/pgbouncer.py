"""A PgBouncer before a server, which gives each transaction any of its sessions."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from psycopg.conninfo import conninfo_to_dict

PROGRAM: Final = shutil.which("pgbouncer", path=f"{os.defpath}:/usr/sbin:/usr/local/bin")

_CONFIGURATION: Final = """
[databases]
* = host={host} user=postgres

[pgbouncer]
pool_mode = transaction
default_pool_size = 2
auth_type = any
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
logfile = {folder}/pgbouncer.log
"""


@contextmanager
def pooled(url: str) -> Iterator[str]:
    """Run a PgBouncer before the server of `url`, a unix socket's; give the URL that leads there.

    It has two sessions for each database.
    """
    parts = conninfo_to_dict(url)
    host = str(parts["host"])
    # it refuses to run as root, and only the server's account may enter the socket's folder
    user = pwd.getpwuid(Path(host).stat().st_uid)
    port = _free_port()
    folder = Path(tempfile.mkdtemp())
    try:
        configuration = folder / "pgbouncer.ini"
        configuration.write_text(_CONFIGURATION.format(host=host, port=port, folder=folder))
        as_user = ["-u", user.pw_name] if os.geteuid() == 0 else []
        shutil.chown(folder, user.pw_uid)
        with subprocess.Popen(
            [PROGRAM or "pgbouncer", "-q", *as_user, str(configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as running:
            try:
                _wait_for(port, running)
                yield f"postgresql://postgres@127.0.0.1:{port}/{parts['dbname']}"
            finally:
                running.terminate()
    finally:
        shutil.rmtree(folder)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _wait_for(port: int, running: "subprocess.Popen[bytes]") -> None:
    while True:
        assert running.poll() is None
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            continue
        return
