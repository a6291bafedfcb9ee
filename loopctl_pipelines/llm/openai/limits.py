"""OpenAI's numbers for `POST /embeddings`: model, size of a request, tokens of a text. Pure."""

from dataclasses import dataclass, replace
from typing import Final

SMALL_MODEL: Final = "text-embedding-3-small"
SMALL_MODEL_DIMENSION: Final = 1_536
"""Numbers in a vector of the small model, unless the request asks for fewer."""

# from 2,048 texts to 1 in four attempts
_SMALLER_PER_ATTEMPT = 8


@dataclass(frozen=True, slots=True)
class ProviderLimits:
    """What one request may hold (source: OpenAI's reference of `POST /embeddings`).

    Attributes:
        inputs: texts per request.
        request_tokens: tokens per request, all texts together.
        input_tokens: tokens per text.
    """

    inputs: int = 2_048
    request_tokens: int = 300_000
    input_tokens: int = 8_192

    def with_at_most(self, inputs: int | None) -> "ProviderLimits":
        """Return the limits with at most so many texts per request; None: as they are."""
        return self if inputs is None else replace(self, inputs=min(inputs, self.inputs))

    def after_attempts(self, attempts: int) -> "ProviderLimits":
        """Return the limits for texts whose answers were malformed, or late, `attempts` times.

        A malformed answer does not say which text caused it. Each attempt sends the texts in
        smaller batches, until the cause is alone after four attempts. This also shrinks a batch
        that the provider cannot finish within the deadline.
        """
        smaller = _SMALLER_PER_ATTEMPT ** min(attempts, 8)
        return ProviderLimits(
            inputs=max(1, self.inputs // smaller),
            request_tokens=max(self.input_tokens, self.request_tokens // smaller),
            input_tokens=self.input_tokens,
        )


def token_bound(text: str) -> int:
    """Return an upper bound on the tokens of `text`: its UTF-8 bytes.

    The tokenizers are byte-level: each token covers at least one byte.
    """
    return len(text.encode())


def token_estimate(text: str) -> int:
    """Return an estimate that prose and code do not exceed.

    Two ASCII characters count as one token (English has about four per token, code three); any
    other byte counts as one (other scripts have about two per token). Adversarial text can have up
    to twice as many tokens; the provider then rejects the batch, and the caller splits it.
    """
    size = len(text.encode())
    beyond_ascii = size - _ascii_characters(text, size)
    return beyond_ascii + (size - beyond_ascii + 1) // 2


def _ascii_characters(text: str, size: int) -> int:
    return size if size == len(text) else len(text.encode("ascii", "ignore"))
