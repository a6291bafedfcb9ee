"""What a run did for one tenant. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.llm.circuit import CircuitState
from loopctl_pipelines.llm.failures import ProviderFailure


@dataclass(slots=True)
class Counts:
    """Sources, texts and articles by what happened to them, and the cost.

    Attributes:
        documents: that are done.
        reviews: that are done.
        failed: documents and reviews that ended without being wholly extracted.
        waiting: documents and reviews that are tried again later.
        chunks: texts that were worked on, reviews included.
        known_chunks: of these, texts whose result was known, so that nothing was paid.
        cut_chunks: of documents that are longer than a document may be.
        articles: that are new.
        known_articles: that existed already.
        dropped: items of answers that were no article, too many, or without a free title.
        requests: that the vendor answered with a result.
        input_tokens: billed, also for requests that failed.
        output_tokens: likewise.
        blocked: documents that wait because the tenant has no key.
    """

    documents: int = 0
    reviews: int = 0
    failed: int = 0
    waiting: int = 0
    chunks: int = 0
    known_chunks: int = 0
    cut_chunks: int = 0
    articles: int = 0
    known_articles: int = 0
    dropped: int = 0
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    blocked: int = 0

    def add(self, other: "Counts") -> None:
        """Add the counts of a part."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class TenantOutcome:
    """What a run did for one tenant. Only the thread that runs the tenant changes it.

    Attributes:
        slug: the tenant.
        counts: its sources, texts and articles.
        models: that were asked, and how many tokens each was billed: (input, output).
        failures: tags of failed requests, and how often each occurred.
        breaker: state of its circuit at the end.
        stopped: the failure that ended the work early; None: everything that was due was handled.
        error: why the tenant's partition failed; None: it did not.
    """

    slug: str
    counts: Counts = field(default_factory=Counts)
    models: dict[str, tuple[int, int]] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    breaker: CircuitState = CircuitState.CLOSED
    stopped: ProviderFailure | None = None
    error: PipelinesError | None = None
