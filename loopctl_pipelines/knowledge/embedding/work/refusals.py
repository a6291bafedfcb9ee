"""What the threads of one tenant's run tell each other of the provider's refusals. Pure."""

import threading
from dataclasses import dataclass, field

from loopctl_pipelines.llm.failures import ProviderFailure

# as many as there are parts of a batch that `SplitBatch` has seen refused before it suspects
_REFUSED_TEXTS_BEFORE_SUSPICION = 16


@dataclass(slots=True)
class Stop:
    """Ends the work of one tenant early; its threads look at it before each request.

    Attributes:
        failure: why; None: go on.
        refuses_all: the failure is about the key or the model, so nothing else need be tried.
    """

    failure: ProviderFailure | None = None
    refuses_all: bool = False
    _telling: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def because(self, failure: ProviderFailure, *, refuses_all: bool = False) -> None:
        """End the work: the first failure stands, but a refusal of all outweighs any other."""
        with self._telling:
            if self.failure is None or (refuses_all and not self.refuses_all):
                self.failure, self.refuses_all = failure, refuses_all


@dataclass(slots=True)
class Refusals:
    """What the provider has made of the tenant's requests so far, all batches together.

    A request holds few texts where they are long: batch by batch there would never be enough
    refusals to suspect that it is the key or the model that is refused with 400.

    Attributes:
        pauses_before: pauses in a row that the provider asked for until now.
        accepted: some request was; refusals are about texts then, and a pause is the first.
    """

    pauses_before: int = 0
    accepted: bool = False
    _texts: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def pauses(self) -> int:
        """Pauses in a row, the one included that ends this run.

        Requests of a run that are refused at once are one pause, for the run ends with it.
        """
        return 1 if self.accepted else self.pauses_before + 1

    def of_everything(self, texts: int) -> bool:
        """Count texts that were refused alone; tell whether they are too many for their fault."""
        with self._counting:
            self._texts += texts
            return not self.accepted and self._texts >= _REFUSED_TEXTS_BEFORE_SUSPICION
