"""What the provider has accepted and rejected of one tenant in a run. Pure."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# the number of parts of a batch that `SplitBatch` sees rejected before it suspects the request
_REJECTED_TEXTS_BEFORE_SUSPICION = 16


@dataclass(slots=True)
class Rejections:
    """What the provider has accepted and rejected of one tenant in a run, all batches together.

    A request holds only a few long texts, so a single batch may never have enough rejections to
    suspect that a rejection with 400 is about the key or the model.

    Attributes:
        pauses_before: pauses in a row that the provider asked for before this run.
    """

    pauses_before: int = 0
    _accepted: bool = False
    _texts: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def accepted(self) -> bool:
        """Some request was accepted: rejections are about texts, and a pause is the first."""
        return self._accepted

    @property
    def pauses(self) -> int:
        """Pauses in a row, including the one that ends this run.

        Requests of one run that are rejected at the same time count as one pause.
        """
        with self._lock:
            return 1 if self._accepted else self.pauses_before + 1

    @contextmanager
    def accepting(self) -> Iterator[bool]:
        """Record an accepted request; give whether it is the first one of the run.

        `pauses` waits for the end of the block, which may end earlier pauses in the database: a
        pause of this run must be stored after that, or it would be ended as well.
        """
        with self._lock:
            first = not self._accepted
            self._accepted = True
            yield first

    def add_texts(self, texts: int) -> bool:
        """Count texts that were rejected alone; tell whether the key or the model is suspect."""
        with self._lock:
            self._texts += texts
            return not self._accepted and self._texts >= _REJECTED_TEXTS_BEFORE_SUSPICION
