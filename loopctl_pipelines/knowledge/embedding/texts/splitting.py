"""Splits a rejected batch until the texts at fault are isolated. Pure: the caller sends."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from loopctl_pipelines.knowledge.embedding.texts.text import cut
from loopctl_pipelines.llm.openai.limits import ProviderLimits, token_bound

# this many rejections without one acceptance suggest that the request is at fault, not a text: they
# reach every sixteenth of the batch (1 + 2 + 4 + 8 + 16 requests)
_REJECTIONS_BEFORE_SUSPICION = 31


@dataclass(frozen=True, slots=True)
class Piece:
    """A text, and what is sent: the whole text, or its start if the whole was too long.

    The content hash is always computed from `text`.
    """

    text: str
    sent: str


class SplitBatch:
    """The requests of one batch: `next_request`, send, then `accepted` or `rejected`, until None.

    Call `rejected` only for a rejection that may be about one text (see
    `outcomes.may_be_about_one_text`); any other failure ends the batch. One bad text of n costs
    2 * ceil(log2 n) + 1 requests. A single text that may be too long is halved until it certainly
    fits. If every sixteenth of the batch is rejected, one part is split down to two single texts;
    if those are rejected too, even cut to a length that certainly fits, the rest is not sent. That
    takes about 45 requests.

    If both halves of a rejected part are accepted, no text was at fault but their number. Unless
    the part had more tokens than a request may hold, its larger half is then the most that the
    provider takes.

    Attributes:
        set_aside: texts that were rejected alone; if `gave_up`, also all remaining texts.
        gave_up: the provider rejects every part: the request is at fault, not a text.
    """

    def __init__(self, texts: Sequence[str], limits: ProviderLimits | None = None) -> None:
        self.set_aside: list[str] = []
        self.gave_up = False
        limits = limits or ProviderLimits()
        self._floor = limits.input_tokens
        self._request_tokens = limits.request_tokens
        # each half of a rejected part, by its text and size, with the other half
        self._halves: dict[tuple[str, int], tuple[str, int]] = {}
        self._accepted: set[tuple[str, int]] = set()
        self._pending: deque[tuple[Piece, ...]] = deque()
        self._rejections: int | None = 0
        if texts:
            self._pending.append(tuple(Piece(text, text) for text in texts))

    def next_request(self, most_texts: int | None = None) -> tuple[Piece, ...] | None:
        """Take the largest remaining part; the smallest on suspicion, and after an acceptance.

        On suspicion that finds a single text soon; after an acceptance, the limit of texts.

        Args:
            most_texts: the most that the provider takes; None: as many as there are.

        Returns:
            The part; None: nothing remains.
        """
        if not self._pending:
            return None
        # parts are added level by level, so the smallest one is always the last
        from_the_end = self._suspicious or self._rejections is None
        part = self._pending.pop() if from_the_end else self._pending.popleft()
        if most_texts is not None and len(part) > most_texts:
            rest = part[most_texts:]
            if from_the_end:
                self._pending.append(rest)
            else:
                self._pending.appendleft(rest)
            return part[:most_texts]
        return part

    def accepted(self, pieces: tuple[Piece, ...] = ()) -> int | None:
        """Record that some part was embedded: rejections are about texts, not about the request.

        Args:
            pieces: the part; empty: a part of another batch.

        Returns:
            The most texts that the provider takes, if this part shows it.
        """
        self._rejections = None
        if not pieces:
            return None
        half = _name(pieces)
        self._accepted.add(half)
        other = self._halves.get(half)
        return max(half[1], other[1]) if other in self._accepted and other else None

    def rejected(self, pieces: tuple[Piece, ...]) -> None:
        """Split these pieces; halve a single one that may be too long, or set it aside."""
        piece = pieces[0]
        if len(pieces) > 1:
            middle = len(pieces) // 2
            halves = pieces[:middle], pieces[middle:]
            self._pending.extend(halves)
            if sum(token_bound(each.sent) for each in pieces) <= self._request_tokens:
                one, other = map(_name, halves)
                self._halves |= {one: other, other: one}
        elif self._may_be_too_long(piece):
            self._pending.append((Piece(piece.text, cut(piece.sent, len(piece.sent) // 2)),))
        else:
            self.set_aside.append(piece.text)
        if self._rejections is None:
            return
        self._rejections += 1
        # a few bad texts, well spread, can spoil every sixteenth of a batch, but not two neighbors
        if self._suspicious and len(self.set_aside) > 1:
            self._give_up()

    @property
    def _suspicious(self) -> bool:
        return self._rejections is not None and self._rejections >= _REJECTIONS_BEFORE_SUSPICION

    def _may_be_too_long(self, piece: Piece) -> bool:
        return token_bound(piece.sent) > self._floor and len(piece.sent) > 1

    def _give_up(self) -> None:
        self.gave_up = True
        while rest := self.next_request():
            self.set_aside.extend(piece.text for piece in rest)


def _name(pieces: tuple[Piece, ...]) -> tuple[str, int]:
    """Return what tells a part from all others of its batch, in which no text is there twice."""
    return pieces[0].text, len(pieces)
