"""Dagster's own tools work in a checkout, and say a wrong setting in a sentence."""

import os
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

import pytest

from loopctl_pipelines_tests.warm_commands import Program, run

_REPOSITORY: Final = Path(__file__).parents[1]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder with the files of a checkout that Dagster's tools read."""
    for name in ("dagster.yaml", "workspace.yaml", "pyproject.toml"):
        (tmp_path / name).symlink_to(_REPOSITORY / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _dagster() -> None:
    [program] = entry_points(group="console_scripts", name="dagster")
    program.load()()


def _validate(**settings: str) -> tuple[int, str]:
    ours = ("LOOPCTL", "DAGSTER")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    code, out, err = run(Program(_dagster, ["definitions", "validate"], environment | settings))
    return code, out + err


def test_with_no_variable_the_definitions_are_loaded_on_the_embedded_server(
    checkout: Path,
) -> None:
    code, said = _validate()
    assert code == 0, said
    assert "Validation successful for code location loopctl_pipelines.definitions" in said
    assert (checkout / ".loopctl/postgres").is_dir()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("LOOPCTL_CONNECTIONS", "many", "LOOPCTL_CONNECTIONS must be a whole number"),
        ("LOOPCTL_ALERT_URLS", "nowhere", "LOOPCTL_ALERT_URLS must be URLs"),
        ("LOOPCTL_ROLLUP", "mine", "LOOPCTL_ROLLUP must be package.module:attribute"),
        ("LOOPCTL_DATABASE_URL", "postgresql://127.0.0.1:1/x", "nothing listens there"),
    ],
)
@pytest.mark.usefixtures("checkout")
def test_a_wrong_setting_is_a_sentence_without_a_traceback(
    name: str, value: str, sentence: str
) -> None:
    code, said = _validate(**{name: value})
    assert code == 1
    assert sentence in said.splitlines()[-1]
    assert "Traceback" not in said


def test_the_checkouts_instance_differs_from_that_of_a_deployment_in_its_storage_alone() -> None:
    found, deployed = (
        (_REPOSITORY / path).read_text().partition("\nrun_coordinator:")
        for path in ("dagster.yaml", "loopctl_pipelines/orchestration/dagster.yaml")
    )
    assert found[2]
    assert found[1:] == deployed[1:]
