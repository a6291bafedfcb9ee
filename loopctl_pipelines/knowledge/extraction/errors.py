"""Errors that leave a tenant's documents or reviews without articles until somebody acts."""

from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.llm.failures import ProviderFailure


class ExtractionError(PipelinesError):
    """A tenant's documents or reviews stay without articles until somebody acts.

    Attributes:
        slug: the tenant.
    """

    def __init__(self, slug: str, problem: str) -> None:
        super().__init__(f"Extracting articles of tenant {slug!r}: {problem}")
        self.slug = slug


class KeyOrModelRejectedError(ExtractionError):
    """The vendor rejects the tenant's key or its model."""

    def __init__(self, slug: str, failure_tag: str) -> None:
        super().__init__(
            slug,
            f"the vendor rejects the tenant's Anthropic key or extraction model ({failure_tag}). "
            "Its documents and reviews wait until the tenant changes one of them in its LLM "
            "settings.",
        )


class ChatKeyUnreadableError(ExtractionError):
    """A tenant's encrypted key cannot be decrypted."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            slug,
            "its Anthropic key cannot be decrypted. Set LOOPCTL_CLOAK_KEY to the key that loopctl "
            "encrypts with, or have the tenant set its key again.",
        )


class ReviewsExtractedTwiceError(ExtractionError):
    """Both loopctl and this project are set to extract the tenant's reviews: both would pay."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            slug,
            "loopctl extracts its reviews as well, so none was extracted here. Set "
            "`knowledge_auto_extract` to false in the tenant's settings, or remove the tenant from "
            "LOOPCTL_EXTRACT_REVIEWS.",
        )


class ExtractionDatabaseError(ExtractionError):
    """A statement on the tenant's rows failed; its transaction was rolled back."""

    def __init__(self, slug: str, cause: str, sqlstate: str | None) -> None:
        state = sqlstate or "none"
        super().__init__(slug, f"{cause} (SQLSTATE {state}). Repair it, then run it again.")


class ExtractionCrashError(ExtractionError):
    """An unexpected error. The message names its kind and class; its text may quote a key."""

    def __init__(self, slug: str, failure: ProviderFailure, name: str) -> None:
        super().__init__(slug, f"an unexpected error ({failure.log_tag}, {name}). Run it again.")
