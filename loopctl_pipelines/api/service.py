"""What all requests share."""

from dataclasses import dataclass, field
from typing import cast

from starlette.requests import Request

from loopctl_pipelines.api.access.key_uses import KeyUses
from loopctl_pipelines.api.access.rate_limits import RateLimits
from loopctl_pipelines.api.database_threads import DatabaseThreads
from loopctl_pipelines.api.ranked_search import RankedSearch
from loopctl_pipelines.api.text_embeddings import TextEmbeddings
from loopctl_pipelines.settings import Settings


@dataclass(slots=True)
class Seen:
    """What requests have found in the database, and need not look for again.

    Attributes:
        knowledge_base: the tables that need pgvector.
    """

    knowledge_base: bool = False


@dataclass(frozen=True)
class Service:
    """The state of one app.

    Attributes:
        threads: the way to the database.
        key_uses: writes `last_used_at`.
        rate_limits: counts requests.
        settings: the project's.
        embeddings: the way to the embedding provider.
        ranked_search: searches articles.
        seen: what is in the database.
    """

    threads: DatabaseThreads
    key_uses: KeyUses
    rate_limits: RateLimits
    settings: Settings
    embeddings: TextEmbeddings
    ranked_search: RankedSearch
    seen: Seen = field(default_factory=Seen)

    async def close(self) -> None:
        """Finish the work that is running."""
        await self.key_uses.finish()
        self.embeddings.close()
        self.threads.close()


def service_of(request: Request) -> Service:
    """Return the service of the request's app."""
    return cast("Service", request.app.state.service)
