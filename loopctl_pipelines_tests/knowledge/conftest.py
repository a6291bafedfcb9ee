"""Fixtures that several modules of these tests use."""

import logging
from pathlib import Path

import pytest

from loopctl_pipelines_tests.knowledge.traces import Traces


@pytest.fixture
def traces(
    database_url: str,
    dagster_url: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Traces:
    caplog.set_level(logging.DEBUG)
    return Traces(database_url, dagster_url, tmp_path, capfd, caplog)
