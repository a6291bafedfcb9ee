"""Threads of one tenant meet failures at once: one of them is the reason why its work ends."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import pytest

from loopctl_pipelines.knowledge.embedding.work.rejections import Rejections
from loopctl_pipelines.knowledge.tenant_work.stop import Stop, StopReason
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure

REJECTED = ProviderFailure(FailureKind.API_ERROR, 401)
ASKED_TO_WAIT = ProviderFailure(FailureKind.API_ERROR, 429, 20)
OPEN = ProviderFailure(FailureKind.CIRCUIT_OPEN)


@pytest.mark.parametrize("order", list(permutations([REJECTED, ASKED_TO_WAIT, OPEN])))
def test_a_rejected_key_stays_the_reason_whatever_else_arrives(
    order: tuple[ProviderFailure, ...],
) -> None:
    stop = Stop()
    for failure in order:
        stop.because(failure, rejects_all=failure is REJECTED)
    assert stop.reason == StopReason(REJECTED, rejects_all=True)


def test_of_failures_that_do_not_reject_everything_the_first_counts() -> None:
    stop = Stop()
    for failure in (ASKED_TO_WAIT, OPEN):
        stop.because(failure)
    assert stop.reason == StopReason(ASKED_TO_WAIT, rejects_all=False)


def test_of_many_acceptances_at_once_one_is_the_first() -> None:
    rejections = Rejections()
    together = threading.Barrier(8)

    def accept(_: int) -> bool:
        together.wait(60)
        with rejections.accepting() as is_first:
            return is_first

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(accept, range(8))) == [False] * 7 + [True]
    assert rejections.accepted


def test_a_pause_is_stored_after_the_end_of_the_earlier_pauses() -> None:
    rejections = Rejections(pauses_before=3)
    steps: list[str] = []

    def pause() -> int:
        pauses = rejections.pauses
        steps.append("pause stored")
        return pauses

    with ThreadPoolExecutor(1) as threads:
        with rejections.accepting() as is_first:
            pausing = threads.submit(pause)
            with pytest.raises(TimeoutError):
                pausing.result(timeout=0.2)
            steps.append("earlier pauses ended")
        assert pausing.result(60) == 1
    assert is_first
    assert steps == ["earlier pauses ended", "pause stored"]


def test_texts_rejected_in_several_threads_are_all_counted() -> None:
    rejections = Rejections()
    with ThreadPoolExecutor(8) as threads:
        suspect = list(threads.map(rejections.add_texts, [1] * 20))
    assert sum(suspect) == 20 - 15
