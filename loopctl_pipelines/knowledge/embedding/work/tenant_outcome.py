"""What a run did for one tenant, and the state of its articles afterwards. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.knowledge.embedding.storage.rows import EmbeddingStatus
from loopctl_pipelines.llm.circuit import CircuitState
from loopctl_pipelines.llm.failures import ProviderFailure


@dataclass(slots=True)
class Counts:
    """Articles by what happened to them, and the cost.

    Attributes:
        embedded: got a vector made for them.
        copied: got the vector of an article of equal text.
        unchanged: already have the vector of their text; nothing was sent.
        edited: edited or unpublished while their vector was made, so it was not written.
        set_aside: rejected; not retried until article, key or model changes.
        waiting: will be retried.
        blocked: skipped because the tenant has no key.
        requests: requests that the provider answered with vectors.
        tokens: tokens billed for them.
    """

    embedded: int = 0
    copied: int = 0
    unchanged: int = 0
    edited: int = 0
    set_aside: int = 0
    waiting: int = 0
    blocked: int = 0
    requests: int = 0
    tokens: int = 0

    def add(self, other: "Counts") -> None:
        """Add the counts of a part."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class BatchOutcome:
    """What one batch came to. Each batch returns its own, so threads share no counters.

    Attributes:
        counts: its articles.
        failures: tags of failed requests, and how often each occurred.
    """

    counts: Counts = field(default_factory=Counts)
    failures: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class TenantOutcome:
    """What a run did for one tenant. Only the thread that runs the tenant changes it.

    Attributes:
        slug: the tenant.
        counts: its articles.
        status: its articles at the end, by the state of their embedding.
        breaker: state of its circuit at the end.
        stopped: the failure that ended the work early; None: all pending articles were handled.
        failures: tags of failed requests, and how often each occurred.
        error: why the tenant's partition failed; None: it did not.
    """

    slug: str
    counts: Counts = field(default_factory=Counts)
    status: EmbeddingStatus = field(default_factory=EmbeddingStatus)
    breaker: CircuitState = CircuitState.CLOSED
    stopped: ProviderFailure | None = None
    failures: Counter[str] = field(default_factory=Counter)
    error: PipelinesError | None = None

    def add(self, batch: BatchOutcome) -> None:
        """Add what a batch came to."""
        self.counts.add(batch.counts)
        self.failures.update(batch.failures)
