"""A tenant's own key, decrypted for the length of a run. Pure."""

from loopctl_pipelines.llm.cloak import decrypt
from loopctl_pipelines.llm.failures import FailureKind
from loopctl_pipelines.llm.secret import Secret


def open_key(encrypted: bytes | None, cloak_key: bytes | None) -> Secret | FailureKind:
    """Return the key in an encrypted column, or why nothing can be sent with it.

    Args:
        encrypted: the column's bytes; None: the tenant has no key.
        cloak_key: LOOPCTL_CLOAK_KEY; None: it is not set.

    Returns:
        The key; `no_api_key` if there is none or a blank one, `unusable_key` if it cannot be
        decrypted with this cloak key.
    """
    if encrypted is None:
        return FailureKind.NO_API_KEY
    key = cloak_key and decrypt(encrypted, cloak_key)
    if not key:
        return FailureKind.UNUSABLE_KEY
    return key if key.reveal().strip() else FailureKind.NO_API_KEY
