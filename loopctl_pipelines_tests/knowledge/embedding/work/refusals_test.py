"""Several threads of one tenant meet failures at once: what its work ends for is one of them."""

from itertools import permutations

import pytest

from loopctl_pipelines.knowledge.embedding.work.refusals import Stop
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure

REFUSED = ProviderFailure(FailureKind.API_ERROR, 401)
ASKED_TO_WAIT = ProviderFailure(FailureKind.API_ERROR, 429, 20)
OPEN = ProviderFailure(FailureKind.CIRCUIT_OPEN)


@pytest.mark.parametrize("order", list(permutations([REFUSED, ASKED_TO_WAIT, OPEN])))
def test_a_refused_key_stays_the_reason_whatever_else_arrives(
    order: tuple[ProviderFailure, ...],
) -> None:
    stop = Stop()
    for failure in order:
        stop.because(failure, refuses_all=failure is REFUSED)
    assert (stop.failure, stop.refuses_all) == (REFUSED, True)


def test_of_failures_that_do_not_refuse_all_the_first_stands() -> None:
    stop = Stop()
    for failure in (ASKED_TO_WAIT, OPEN):
        stop.because(failure)
    assert (stop.failure, stop.refuses_all) == (ASKED_TO_WAIT, False)
