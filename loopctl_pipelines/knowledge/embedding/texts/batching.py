"""Distributes texts over requests. Pure."""

from collections.abc import Iterable, Sequence

from loopctl_pipelines.llm.openai.limits import ProviderLimits, token_bound, token_estimate


def batches(texts: Iterable[str], limits: ProviderLimits | None = None) -> list[tuple[str, ...]]:
    """Distribute the distinct texts over requests within the limits, each text once.

    Texts that may exceed the limit per text come last, in batches of their own, so that a
    rejection for length never delays a text that certainly fits. A text whose estimate exceeds the
    limit per request gets a request of its own.
    """
    limits = limits or ProviderLimits()
    distinct = dict.fromkeys(texts)
    certain = [text for text in distinct if token_bound(text) <= limits.input_tokens]
    doubtful = [text for text in distinct if token_bound(text) > limits.input_tokens]
    return [*_filled(certain, limits), *_filled(doubtful, limits)]


def _filled(texts: Sequence[str], limits: ProviderLimits) -> list[tuple[str, ...]]:
    filled: list[tuple[str, ...]] = []
    batch: list[str] = []
    tokens = 0
    for text in texts:
        more = token_estimate(text)
        if batch and (len(batch) == limits.inputs or tokens + more > limits.request_tokens):
            filled.append(tuple(batch))
            batch, tokens = [], 0
        batch.append(text)
        tokens += more
    return [*filled, tuple(batch)] if batch else filled
