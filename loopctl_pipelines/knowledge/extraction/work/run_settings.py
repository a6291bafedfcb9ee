"""What all tenants of a run have in common."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from threading import BoundedSemaphore

from loopctl_pipelines.knowledge.extraction.work.document_contents import DocumentContents
from loopctl_pipelines.llm.anthropic.tenant_messages import TenantMessages

OnProgress = Callable[[str, int], None]
"""Called with a tenant's slug and how many more of its documents and reviews are handled."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What all tenants of a run have in common. Threads may share it.

    Attributes:
        messages: asks the model.
        contents: reads and fetches documents.
        review_slugs: tenants whose reviews are extracted.
        refused_slugs: of these, tenants whose reviews loopctl extracts as well.
        requests: how many of one tenant may be in flight at once.
        unwritten: held from a text's request until its result is written, so that a killed run
            loses no more results than requests may be in flight, all tenants together.
        is_stopped: tells whether the whole run ends early.
        on_progress: hears of handled documents and reviews, in any tenant's thread.
    """

    messages: TenantMessages
    contents: DocumentContents
    review_slugs: Collection[str]
    refused_slugs: Collection[str]
    requests: int
    unwritten: BoundedSemaphore
    is_stopped: Callable[[], bool]
    on_progress: OnProgress
