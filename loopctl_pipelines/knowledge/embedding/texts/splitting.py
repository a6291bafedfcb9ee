"""A refused batch is split until the texts at fault are alone. Pure: the caller sends."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from loopctl_pipelines.knowledge.embedding.texts.text import cut
from loopctl_pipelines.llm.openai.limits import ProviderLimits, token_bound

# so many refusals without one acceptance suggest that the request is at fault, not a text: they
# reach every sixteenth of the batch (1 + 2 + 4 + 8 + 16 requests)
_REFUSALS_BEFORE_SUSPICION = 31


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
    A text alone that may be too long is halved until it certainly fits. Where every sixteenth of
    the batch is refused, one part is followed down to two single texts, and if even those are
    refused as short as they certainly fit, the rest is not sent: that takes some 45 requests.

    Attributes:
        set_aside: texts that were refused alone, and after `gave_up` all that were left.
        gave_up: the provider refuses every part: not a text is at fault, but the request.
    """

    def __init__(self, texts: Sequence[str], limits: ProviderLimits | None = None) -> None:
        self.set_aside: list[str] = []
        self.gave_up = False
        self._floor = (limits or ProviderLimits()).input_tokens
        self._pending: deque[tuple[Piece, ...]] = deque()
        self._refusals: int | None = 0
        if texts:
            self._pending.append(tuple(Piece(text, text) for text in texts))

    def next_request(self) -> tuple[Piece, ...] | None:
        """Take the largest part that waits, or the smallest on suspicion; None: nothing waits."""
        if not self._pending:
            return None
        # parts are added level by level, so the smallest one is always the last
        return self._pending.pop() if self._suspicious else self._pending.popleft()

    def accepted(self) -> None:
        """Note that some part was embedded: refusals are about texts, not about the request."""
        self._refusals = None

    def refused(self, pieces: tuple[Piece, ...]) -> None:
        """Split these pieces, halve a single one that may be too long, or set it aside."""
        piece = pieces[0]
        if len(pieces) > 1:
            middle = len(pieces) // 2
            self._pending.extend((pieces[:middle], pieces[middle:]))
        elif self._may_be_too_long(piece):
            self._pending.append((Piece(piece.text, cut(piece.sent, len(piece.sent) // 2)),))
        else:
            self.set_aside.append(piece.text)
        if self._refusals is None:
            return
        self._refusals += 1
        # a few texts at fault, well spread, spoil every sixteenth of a batch, not two neighbours
        if self._suspicious and len(self.set_aside) > 1:
            self._give_up()

    @property
    def _suspicious(self) -> bool:
        return self._refusals is not None and self._refusals >= _REFUSALS_BEFORE_SUSPICION

    def _may_be_too_long(self, piece: Piece) -> bool:
        return token_bound(piece.sent) > self._floor and len(piece.sent) > 1

    def _give_up(self) -> None:
        self.gave_up = True
        while rest := self.next_request():
            self.set_aside.extend(piece.text for piece in rest)
