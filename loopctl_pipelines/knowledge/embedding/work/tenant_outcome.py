"""What a run did for one tenant, and how its articles stand. Pure."""

from dataclasses import dataclass, field

from loopctl_pipelines.knowledge.embedding.errors import EmbeddingError
from loopctl_pipelines.knowledge.embedding.storage.rows import Standing
from loopctl_pipelines.llm.circuit import CircuitState
from loopctl_pipelines.llm.failures import ProviderFailure


@dataclass(slots=True)
class Counts:
    """Articles by what became of them, and what it took.

    Attributes:
        embedded: got a vector made for them.
        copied: got the vector of an article of equal text.
        unchanged: have the vector of their text already; nothing was sent.
        edited: were edited or unpublished while their vector was made; it was not written.
        set_aside: refused; not tried again until article, key or model changes.
        waiting: to be tried again later.
        blocked: left alone, for want of a key.
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
class TenantReport:
    """What a run did for one tenant.

    Attributes:
        slug: the tenant.
        counts: its articles.
        standing: how its articles stand at the end.
        breaker: state of its circuit breaker at the end.
        stopped: the failure that ended the work early; None: all that was pending was looked at.
        failures: tags of failed requests, and how often each occurred.
        error: why the tenant's partition failed; None: it did not.
    """

    slug: str
    counts: Counts = field(default_factory=Counts)
    standing: Standing = field(default_factory=Standing)
    breaker: CircuitState = CircuitState.CLOSED
    stopped: ProviderFailure | None = None
    failures: dict[str, int] = field(default_factory=dict)
    error: EmbeddingError | None = None
