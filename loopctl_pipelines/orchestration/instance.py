"""Dagster's instance: where its folder is, and what configures it."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from dagster import DagsterInstance


def dagster_home(home: Path) -> Path:
    """Return the DAGSTER_HOME below LOOPCTL_HOME, made if need be, with this version's settings."""
    folder = home.absolute() / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    configuration = files(__package__).joinpath("dagster.yaml").read_bytes()
    (folder / "dagster.yaml").write_bytes(configuration)
    return folder


@contextmanager
def dagster_instance(home: Path) -> Iterator[DagsterInstance]:
    """Give out the instance that the UI on the same LOOPCTL_HOME shows.

    The environment has to hold LOOPCTL_DAGSTER_URL: `dagster.yaml` takes it from there, so that
    the password in it is stored nowhere.
    """
    with DagsterInstance.from_config(str(dagster_home(home))) as instance:
        yield instance
