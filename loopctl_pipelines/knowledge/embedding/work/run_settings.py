"""What all tenants of a run have in common."""

from collections.abc import Callable
from dataclasses import dataclass, field

from loopctl_pipelines.knowledge.embedding.work.guarded_provider import GuardedProvider
from loopctl_pipelines.llm.openai.limits import ProviderLimits

OnProgress = Callable[[str, int], None]
"""Called with a tenant's slug and how many more of its articles are done."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What all tenants of a run have in common. Threads may share it.

    Attributes:
        provider: makes the vectors.
        cloak_key: LOOPCTL_CLOAK_KEY; None: it is not set.
        requests: how many of one tenant may be in flight at once.
        is_stopped: tells whether the whole run ends early.
        on_progress: hears of articles that are done, in any tenant's thread.
        limits: what one request may hold.
    """

    provider: GuardedProvider
    cloak_key: bytes | None = field(repr=False)
    requests: int
    is_stopped: Callable[[], bool]
    on_progress: OnProgress
    limits: ProviderLimits = field(default_factory=ProviderLimits)
