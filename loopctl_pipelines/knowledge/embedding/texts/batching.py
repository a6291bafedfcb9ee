"""Which texts travel in one request. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# a text that spoilt an answer travels in ever smaller company: from 2,048 texts to 1 in 4 attempts
_SMALLER_PER_ATTEMPT = 8


@dataclass(frozen=True, slots=True)
class ProviderLimits:
    """What one request may hold (source: OpenAI's reference of `POST /embeddings`).

    Attributes:
        inputs: texts of a request.
        request_tokens: tokens of a request, all its texts together.
        input_tokens: tokens of one text.
    """

    inputs: int = 2_048
    request_tokens: int = 300_000
    input_tokens: int = 8_192

    def after_attempts(self, attempts: int) -> "ProviderLimits":
        """Return the limits for texts whose answers were spoilt, or late, `attempts` times.

        An answer with one bad vector does not say whose fault it is. In smaller and smaller
        company the innocent get away, and the culprit is alone after four attempts. A batch that
        the provider cannot finish within the deadline gets into it that way, too.
        """
        smaller = _SMALLER_PER_ATTEMPT ** min(attempts, 8)
        return ProviderLimits(
            inputs=max(1, self.inputs // smaller),
            request_tokens=max(self.input_tokens, self.request_tokens // smaller),
            input_tokens=self.input_tokens,
        )


def token_bound(text: str) -> int:
    """Return what the tokens of `text` cannot exceed: its UTF-8 bytes.

    The tokenizers are byte-level: each token stands for at least one byte.
    """
    return len(text.encode())


def token_estimate(text: str) -> int:
    """Return an estimate of tokens that prose and code stay below.

    Two ASCII characters count as a token, where English has about four to a token and code
    three; any other byte counts as one, where other scripts have about two. Text made to defeat
    it can have up to twice as many tokens; the provider then refuses the batch, and it is split.
    """
    size = len(text.encode())
    beyond_ascii = size - _ascii_characters(text, size)
    return beyond_ascii + (size - beyond_ascii + 1) // 2


def _ascii_characters(text: str, size: int) -> int:
    return size if size == len(text) else len(text.encode("ascii", "ignore"))


def batches(texts: Iterable[str], limits: ProviderLimits | None = None) -> list[tuple[str, ...]]:
    """Distribute the distinct texts over requests within the limits, each text once.

    Texts that may exceed the limit of one input come last and among themselves, so that a refusal
    for length never holds up a text that certainly fits. A text whose estimate exceeds the limit
    of a whole request travels alone.
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
