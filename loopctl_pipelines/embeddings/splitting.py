"""A refused batch is split until the texts at fault are alone. Pure: the caller sends."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from loopctl_pipelines.embeddings.batching import ProviderLimits, token_bound
from loopctl_pipelines.embeddings.text import cut

# so many refusals without one acceptance mean that the request is at fault, not a text: they reach
# every sixteenth of the batch (1 + 2 + 4 + 8 + 16 requests)
_REFUSALS_BEFORE_GIVING_UP = 31


@dataclass(frozen=True, slots=True)
class Piece:
    """A text and the start of it that is sent, which is all of it unless it was too long.

    The content hash is always that of `text`.
    """

    text: str
    sent: str


class SplitBatch:
    """One batch on its way: `next_request`, send, then `accepted` or `refused`, until None.

    Only a refusal that may be about one text is told here (see `outcomes.may_be_about_one_text`);
    any other failure ends the batch. One bad text of n costs 2 * ceil(log2 n) + 1 requests.
    A text alone that may be too long is halved until it certainly fits.

    Attributes:
        set_aside: texts that were refused alone, and after `gave_up` all that were left.
        gave_up: the provider refuses every part: not a text is at fault, but the request.
    """

    def __init__(self, texts: Sequence[str], limits: ProviderLimits | None = None) -> None:
        self.set_aside: list[str] = []
        self.gave_up = False
        self._floor = (limits or ProviderLimits()).input_tokens
        self._pending: list[tuple[int, int, tuple[Piece, ...]]] = []
        self._pushed = 0
        self._refusals: int | None = 0
        if texts:
            self._push(tuple(Piece(text, text) for text in texts))

    def next_request(self) -> tuple[Piece, ...] | None:
        """Take the largest part that waits; None: nothing waits."""
        return heapq.heappop(self._pending)[-1] if self._pending else None

    def accepted(self) -> None:
        """Note that some part was embedded: refusals are about texts, not about the request."""
        self._refusals = None

    def refused(self, pieces: tuple[Piece, ...]) -> None:
        """Split these pieces, halve a single one that may be too long, or set it aside."""
        if len(pieces) > 1:
            middle = len(pieces) // 2
            self._push(pieces[:middle])
            self._push(pieces[middle:])
        elif (piece := pieces[0]) and token_bound(piece.sent) > self._floor:
            self._push((Piece(piece.text, cut(piece.sent, len(piece.sent) // 2)),))
            return
        else:
            self.set_aside.append(piece.text)
        self._count_refusal(pieces)

    def _count_refusal(self, pieces: tuple[Piece, ...]) -> None:
        too_long = any(token_bound(piece.sent) > self._floor for piece in pieces)
        if self._refusals is None or too_long:
            return
        self._refusals += 1
        if self._refusals >= _REFUSALS_BEFORE_GIVING_UP:
            self.gave_up = True
            while rest := self.next_request():
                self.set_aside.extend(piece.text for piece in rest)

    def _push(self, pieces: tuple[Piece, ...]) -> None:
        self._pushed += 1
        heapq.heappush(self._pending, (-len(pieces), self._pushed, pieces))
