"""Whichever lock is installed first, the others find their packages at the versions they pin."""

import re
import tomllib
from itertools import combinations
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PINS = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([\w.+!]+)", re.MULTILINE)
_LOCKS = (
    "requirements-setup.lock",
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-image.lock",
)


@pytest.mark.parametrize(("one", "other"), list(combinations(_LOCKS, 2)))
def test_packages_in_two_locks_have_the_same_versions(one: str, other: str) -> None:
    ours, theirs = _pins(one), _pins(other)
    shared = ours.keys() & theirs.keys()
    assert shared
    assert {name: ours[name] for name in shared} == {name: theirs[name] for name in shared}


def test_the_development_lock_has_what_the_demo_installs() -> None:
    assert _pins("requirements.lock").keys() < _pins("requirements-dev.lock").keys()


def test_the_build_backend_is_installed_at_the_version_that_pyproject_names() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())
    pins = _pins("requirements-setup.lock")
    named = [requirement.split("==") for requirement in project["build-system"]["requires"]]
    assert [pins.get(name) for name, _ in named] == [{version} for _, version in named]


def _pins(lock: str) -> dict[str, set[str]]:
    """Return the versions of each package; several where they depend on Python's."""
    pins: dict[str, set[str]] = {}
    for name, version in _PINS.findall((_ROOT / lock).read_text()):
        pins.setdefault(name, set()).add(version)
    return pins
