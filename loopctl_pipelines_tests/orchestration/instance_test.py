"""The folder of Dagster's instance, which holds the logs of all tenants' runs."""

from pathlib import Path

import pytest

from loopctl_pipelines.orchestration.instance import dagster_home


@pytest.mark.parametrize("earlier", [False, True], ids=["new", "of an earlier version"])
def test_the_logs_are_closed_to_other_users(tmp_path: Path, *, earlier: bool) -> None:
    if earlier:
        (tmp_path / "dagster").mkdir(mode=0o755)
    assert dagster_home(tmp_path).stat().st_mode & 0o777 == 0o700
