"""The folder of Dagster's instance: its configuration, and the logs of all tenants' runs."""

from pathlib import Path

import pytest

from loopctl_pipelines.orchestration import instance
from loopctl_pipelines.orchestration.instance import dagster_home


@pytest.mark.parametrize("earlier", [False, True], ids=["new", "of an earlier version"])
def test_the_logs_are_closed_to_other_users(tmp_path: Path, *, earlier: bool) -> None:
    if earlier:
        (tmp_path / "dagster").mkdir(mode=0o755)
    assert dagster_home(tmp_path).stat().st_mode & 0o777 == 0o700


def test_a_configuration_that_the_operator_has_changed_stays(tmp_path: Path) -> None:
    configuration = dagster_home(tmp_path) / "dagster.yaml"
    changed = configuration.read_text().replace("max_concurrent_runs: 4", "max_concurrent_runs: 9")
    configuration.write_text(changed)
    dagster_home(tmp_path)
    assert configuration.read_text() == changed


def test_a_configuration_of_the_operators_own_stays(tmp_path: Path) -> None:
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    assert (dagster_home(tmp_path) / "dagster.yaml").read_text() == "telemetry: {enabled: false}\n"


def test_the_configuration_of_another_version_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "dagster.yaml").write_text("telemetry: {enabled: true}\n")
    with monkeypatch.context() as patch:
        patch.setattr(instance, "files", lambda _: tmp_path / "package")
        configuration = dagster_home(tmp_path) / "dagster.yaml"
    assert "run_coordinator" not in configuration.read_text()
    dagster_home(tmp_path)
    assert "run_coordinator" in configuration.read_text()


def test_the_configuration_is_not_written_again_without_need(tmp_path: Path) -> None:
    configuration = dagster_home(tmp_path) / "dagster.yaml"
    written = configuration.stat().st_ino
    assert (dagster_home(tmp_path) / "dagster.yaml").stat().st_ino == written
