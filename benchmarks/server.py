"""Where the benchmarks run: a PostgreSQL of their own that is thrown away afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.upgrade import upgrade

# PostgreSQL's defaults, but for what would hit one contender and spare the next by chance.
CHANGED_SETTINGS = {
    "shared_buffers": "1GB",  # the day does not fit into 128 MB, which nobody with such days has
    "autovacuum": "off",  # the tables are vacuumed and analyzed once, when they are filled
    "max_wal_size": "8GB",  # no checkpoint within a run; one is made before each
    "checkpoint_timeout": "1h",
}


@contextmanager
def scratch_server() -> Iterator[EmbeddedServer]:
    """Give out a fresh server, which ends with the block."""
    with (
        TemporaryDirectory(prefix="loopctl-benchmarks-") as folder,
        EmbeddedServer(Path(folder) / "home", settings=CHANGED_SETTINGS) as server,
    ):
        yield server


def upgraded_database(server: EmbeddedServer, name: str) -> str:
    """Return the superuser's libpq URL of a new database with loopctl's schema and ours."""
    url = server.url(name)
    upgrade(url)
    return url


def server_facts(url: str) -> dict[str, int | str]:
    """Return what the numbers depend on: version, processors, and the settings that matter."""
    with psycopg.connect(url) as connection:
        shown = connection.execute(
            "SELECT name, current_setting(name) FROM unnest(%s::text[]) AS name",
            [["server_version", "fsync", *CHANGED_SETTINGS]],
        ).fetchall()
    return {"processors": os.cpu_count() or 0, **dict(shown)}
