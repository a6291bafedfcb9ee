"""Dagster's instance: its folder and its configuration."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from dagster import DagsterInstance


def dagster_home(home: Path) -> Path:
    """Return the DAGSTER_HOME in LOOPCTL_HOME; create it, and write this version's dagster.yaml.

    It holds the logs of all tenants' runs, so it is closed to other users.
    """
    folder = home.absolute() / "dagster"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid == os.geteuid() and found.st_mode & 0o077:
        # an earlier version has made it
        folder.chmod(0o700)
    configuration = files(__package__).joinpath("dagster.yaml").read_bytes()
    (folder / "dagster.yaml").write_bytes(configuration)
    return folder


@contextmanager
def dagster_instance(home: Path) -> Iterator[DagsterInstance]:
    """Open the instance that the UI on the same LOOPCTL_HOME shows.

    LOOPCTL_DAGSTER_URL must be in the environment: `dagster.yaml` refers to it, so that its
    password is stored nowhere.
    """
    with DagsterInstance.from_config(str(dagster_home(home))) as instance:
        yield instance
