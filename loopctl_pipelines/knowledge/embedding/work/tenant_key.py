"""A tenant's own key, decrypted for the length of a run."""

from loopctl_pipelines.knowledge.embedding.errors import SecretUnreadableError
from loopctl_pipelines.knowledge.embedding.storage.rows import EmbeddingSettings
from loopctl_pipelines.llm.cloak import decrypt
from loopctl_pipelines.llm.secret import Secret


def tenant_key(slug: str, stored: EmbeddingSettings, cloak_key: bytes | None) -> Secret | None:
    """Return the tenant's key; None: it has none, or a blank one.

    Raises:
        SecretUnreadableError: if it cannot be decrypted with this cloak key.
    """
    if stored.encrypted_key is None:
        return None
    key = cloak_key and decrypt(stored.encrypted_key, cloak_key)
    if not key:
        raise SecretUnreadableError(slug)
    return key if key.reveal().strip() else None
