"""Errors that leave a tenant's articles without vectors until somebody acts."""

from datetime import timedelta

from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.llm.failures import ProviderFailure
from loopctl_pipelines.llm.openai.limits import SMALL_MODEL_DIMENSION


class EmbeddingError(PipelinesError):
    """A tenant's articles stay without vectors until somebody acts. Existing vectors stay.

    Attributes:
        slug: the tenant.
    """

    def __init__(self, slug: str, problem: str) -> None:
        super().__init__(f"Embedding the articles of tenant {slug!r}: {problem}")
        self.slug = slug


class KeyOrModelRejectedError(EmbeddingError):
    """The provider rejects every text, so the key or the model is at fault."""

    def __init__(self, slug: str, failure_tag: str, articles: int) -> None:
        super().__init__(
            slug,
            f"the provider rejects the tenant's key or model ({failure_tag}). {articles} "
            "articles are set aside until the tenant changes one of them in its LLM settings.",
        )


class WrongSizeError(EmbeddingError):
    """The model gives more numbers than the column of the vectors holds."""

    def __init__(self, slug: str, model: str, size: int, articles: int) -> None:
        super().__init__(
            slug,
            f"model {model!r} gives {size:,} numbers, the column holds {SMALL_MODEL_DIMENSION:,}. "
            f"{articles} articles are set aside until the tenant chooses another model in its LLM "
            "settings.",
        )


class WrongUrlError(EmbeddingError):
    """The embedding server has no such address, which no tenant can change."""

    def __init__(self, slug: str, pause: timedelta) -> None:
        super().__init__(
            slug,
            "the embedding server answers 404, and does not say that the model is at fault. Check "
            "LOOPCTL_EMBEDDING_BASE_URL: for most servers it ends in /v1, and for none in "
            "/embeddings. No article is set aside; the tenant is tried again with another address, "
            f"or after {pause.seconds // 60} minutes.",
        )


class EmbeddingDatabaseError(EmbeddingError):
    """A statement on the tenant's articles failed; its transaction was rolled back."""

    def __init__(self, slug: str, cause: str, sqlstate: str | None) -> None:
        state = sqlstate or "none"
        super().__init__(slug, f"{cause} (SQLSTATE {state}). Repair it, then run it again.")


class EmbeddingCrashError(EmbeddingError):
    """An unexpected error. The message names its kind and class; its text may quote a key."""

    def __init__(self, slug: str, failure: ProviderFailure, name: str) -> None:
        super().__init__(slug, f"an unexpected error ({failure.log_tag}, {name}). Run it again.")


class SecretUnreadableError(EmbeddingError):
    """A tenant's encrypted key cannot be decrypted."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            slug,
            "its embedding key cannot be decrypted. Set LOOPCTL_CLOAK_KEY to the key that loopctl "
            "encrypts with, or have the tenant set its embedding key again.",
        )
