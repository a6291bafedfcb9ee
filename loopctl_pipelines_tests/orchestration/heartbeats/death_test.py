"""A run is dead when its process is gone, or silent while the database answered; else it lives."""

import pytest

from loopctl_pipelines.orchestration.heartbeats.death import Heartbeat, cause_of_death
from loopctl_pipelines.orchestration.heartbeats.process import Process

PROCESS = Process("node-7 boot pid", 12, "99")
WORKER, REQUESTER = True, False
ENDED, RUNS, ELSEWHERE = True, False, None
BEGUN, NOT_BEGUN = True, False


@pytest.mark.parametrize(
    ("is_worker", "gone", "silent_seconds", "has_begun", "word"),
    [
        (WORKER, ENDED, 0.0, BEGUN, "is gone"),
        (WORKER, ENDED, 0.0, NOT_BEGUN, "is gone"),
        (WORKER, ELSEWHERE, 60.0, BEGUN, "no sign of life"),
        (REQUESTER, ENDED, 60.0, NOT_BEGUN, "has not begun"),
        (REQUESTER, RUNS, 60.0, BEGUN, "No process"),
    ],
)
def test_a_run_is_dead(
    *, is_worker: bool, gone: bool | None, silent_seconds: float, has_begun: bool, word: str
) -> None:
    heartbeat = Heartbeat("id", PROCESS, is_worker, silent_seconds)
    assert word in (cause_of_death(heartbeat, gone=gone, has_begun=has_begun) or "")


@pytest.mark.parametrize(
    ("is_worker", "gone", "silent_seconds", "has_begun"),
    [
        # a paused process is not gone, however long it is silent
        (WORKER, RUNS, 1e6, BEGUN),
        (WORKER, ELSEWHERE, 59.9, BEGUN),
        # its launcher has two minutes more to start it: Dagster's run monitoring ends it then
        (REQUESTER, RUNS, 100.0, NOT_BEGUN),
        (REQUESTER, ELSEWHERE, 100.0, NOT_BEGUN),
        # its process may be starting
        (REQUESTER, ENDED, 59.9, NOT_BEGUN),
        (REQUESTER, ENDED, 59.9, BEGUN),
    ],
)
def test_a_run_lives(
    *, is_worker: bool, gone: bool | None, silent_seconds: float, has_begun: bool
) -> None:
    heartbeat = Heartbeat("id", PROCESS, is_worker, silent_seconds)
    assert cause_of_death(heartbeat, gone=gone, has_begun=has_begun) is None


def test_a_run_of_which_no_process_is_known_is_dead_after_a_minute_if_it_had_begun() -> None:
    unknown = Heartbeat("id", None, REQUESTER, 60.0)
    assert cause_of_death(unknown, gone=None, has_begun=BEGUN)
    assert cause_of_death(unknown, gone=None, has_begun=NOT_BEGUN) is None
