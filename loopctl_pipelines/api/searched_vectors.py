"""The vectors of the last searched texts: the next page and a repeated search pay for none."""

from hashlib import sha256
from typing import Final
from uuid import UUID

from cachetools import TTLCache

from loopctl_pipelines.api.text_embeddings import TextEmbeddings
from loopctl_pipelines.knowledge.embedding.work.text_embedding import EmbeddedText, TextAccess
from loopctl_pipelines.llm.failures import ProviderFailure

_MOST: Final = 2_000
"""Of 6 kB each."""

_SECONDS: Final = 600.0
_Key = tuple[UUID, str, bytes]


class SearchedVectors:
    """Embeds searched texts, each once within ten minutes, per tenant and model.

    Two requests at once for the same new text may pay for it twice.
    """

    def __init__(self, embeddings: TextEmbeddings) -> None:
        """Take the way to the provider."""
        self._embeddings = embeddings
        self._vectors: TTLCache[_Key, EmbeddedText] = TTLCache(_MOST, _SECONDS)

    async def embed(self, access: TextAccess, text: str) -> EmbeddedText | ProviderFailure:
        """Return the vector of a text, or why there is none; raises as `TextEmbeddings.send` does.

        Args:
            access: of the tenant, just read: its key is there, and its circuit is not open.
            text: what is searched for.
        """
        key = (access.tenant_id, access.model, sha256(text.encode()).digest())
        known = self._vectors.get(key)
        if known is not None:
            return known
        answer = await self._embeddings.send(access, text, "search")
        if isinstance(answer, EmbeddedText):
            self._vectors[key] = answer
        return answer
