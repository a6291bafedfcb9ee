"""Why the work of one tenant ends early, shared by the threads of its run. Pure."""

import threading
from dataclasses import dataclass

from loopctl_pipelines.llm.failures import ProviderFailure


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why the work of one tenant ends early.

    Attributes:
        failure: the failure.
        rejects_all: it is about the key or the model, so no other request is worth making.
    """

    failure: ProviderFailure
    rejects_all: bool


class Stop:
    """Ends the work of one tenant early. Its threads look at it before each request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason: StopReason | None = None

    @property
    def reason(self) -> StopReason | None:
        """Why the work ends; None: it goes on."""
        return self._reason

    def because(self, failure: ProviderFailure, *, rejects_all: bool = False) -> None:
        """End the work. The first failure counts, but a rejection of everything replaces it."""
        with self._lock:
            if self._reason is None or (rejects_all and not self._reason.rejects_all):
                self._reason = StopReason(failure, rejects_all)
