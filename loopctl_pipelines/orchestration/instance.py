"""Dagster's instance: its folder and its configuration."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

from dagster import DagsterInstance

_MARK: Final = "# Written by loopctl-pipelines, which leaves it alone once you have changed it: "


def dagster_home(home: Path) -> Path:
    """Return the DAGSTER_HOME in LOOPCTL_HOME; create it, with this version's dagster.yaml.

    A dagster.yaml of the operator's own stays. The folder holds the logs of all tenants' runs, so
    it is closed to other users.
    """
    folder = home.absolute() / "dagster"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid == os.geteuid() and found.st_mode & 0o077:
        # an earlier version has made it
        folder.chmod(0o700)
    configuration = _marked(files(__package__).joinpath("dagster.yaml").read_text())
    if _may_be_replaced(folder / "dagster.yaml", configuration):
        _replace(folder / "dagster.yaml", configuration)
    return folder


@contextmanager
def dagster_instance(home: Path) -> Iterator[DagsterInstance]:
    """Open the instance that the UI on the same LOOPCTL_HOME shows.

    LOOPCTL_DAGSTER_URL must be in the environment: `dagster.yaml` refers to it, so that its
    password is stored nowhere.
    """
    with DagsterInstance.from_config(str(dagster_home(home))) as instance:
        yield instance


def _may_be_replaced(path: Path, configuration: str) -> bool:
    try:
        found = path.read_text()
    except FileNotFoundError:
        return True
    body = found.partition("\n")[2]
    # an earlier version's, which nobody has changed
    return found != configuration and found == _marked(body)


def _marked(text: str) -> str:
    return f"{_MARK}{hashlib.sha256(text.encode()).hexdigest()[:16]}\n{text}"


def _replace(path: Path, text: str) -> None:
    # another process may read it at this moment
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)
