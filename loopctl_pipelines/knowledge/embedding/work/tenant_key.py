"""A tenant's own embedding key, decrypted for the length of a run."""

from loopctl_pipelines.knowledge.embedding.errors import SecretUnreadableError
from loopctl_pipelines.knowledge.embedding.storage.rows import EmbeddingSettings
from loopctl_pipelines.llm.failures import FailureKind
from loopctl_pipelines.llm.secret import Secret
from loopctl_pipelines.llm.tenant_key import open_key


def tenant_key(slug: str, stored: EmbeddingSettings, cloak_key: bytes | None) -> Secret | None:
    """Return the tenant's key; None: it has none, or a blank one.

    Raises:
        SecretUnreadableError: if it cannot be decrypted with this cloak key.
    """
    key = open_key(stored.encrypted_key, cloak_key)
    if key is FailureKind.UNUSABLE_KEY:
        raise SecretUnreadableError(slug)
    return key if isinstance(key, Secret) else None
