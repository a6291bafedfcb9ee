"""How a source ends after its texts were worked on: done, failed, or tried again later. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from loopctl_pipelines.knowledge.extraction.storage.rows import SourceState
from loopctl_pipelines.knowledge.extraction.work.tenant_outcome import Counts
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.outcomes import (
    Outcome,
    delay_seconds,
    is_asked_to_wait,
    may_be_about_one_text,
    outcome,
)

MOST_MALFORMED: Final = 3
"""After so many attempts with a malformed answer a source has failed: each of them was billed."""


def stops_tenant(failure: ProviderFailure, *, accepted: bool) -> bool:
    """Return whether a failure is about the tenant, so that no other text needs a request.

    It is if the circuit is open, the vendor asks for a pause, or it rejects the key or the model.
    A status that may be about the text, such as 400, is about the tenant until some request of
    the run was accepted: an account without credit answers 400 to everything.

    Args:
        failure: of a text.
        accepted: whether a request of the run was accepted.
    """
    if outcome(failure) in {Outcome.CIRCUIT_OPEN, Outcome.NO_API_KEY} or is_asked_to_wait(failure):
        return True
    if failure.kind is not FailureKind.API_ERROR or outcome(failure) is not Outcome.PERMANENT:
        return failure.kind is FailureKind.UNUSABLE_KEY
    return not (accepted and may_be_about_one_text(failure))


def source_end(
    failures: Sequence[ProviderFailure], attempts: int, counts: Counts, *, jitter: float
) -> SourceState:
    """Return the state of a source whose texts were all tried.

    A failure that may pass decides before one that will not: the source is tried again, and what
    has a result already costs nothing.

    Args:
        failures: of its texts.
        attempts: used before this run.
        counts: of its texts.
        jitter: 0 to 1.
    """
    articles = counts.articles + counts.known_articles
    state = SourceState(articles=articles, chunks=counts.chunks, chunks_cut=counts.cut_chunks)
    if not failures:
        return state
    passing = [f for f in failures if outcome(f) is Outcome.TRANSIENT]
    used = attempts + 1
    spoilt = passing and used >= MOST_MALFORMED and passing[0].kind is FailureKind.MALFORMED
    if not passing or spoilt:
        failure = (passing or failures)[0]
        return SourceState(
            failure.log_tag, None, used, state.articles, state.chunks, state.chunks_cut
        )
    delay = timedelta(seconds=delay_seconds(used, passing[0].retry_after, jitter=jitter))
    return SourceState(passing[0].log_tag, delay, used, state.articles, state.chunks)
