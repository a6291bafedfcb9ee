"""Whether a tenant has the key that its documents are extracted with."""

from uuid import UUID

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.llm.anthropic.tenant_settings import read_settings
from loopctl_pipelines.llm.failures import FailureKind
from loopctl_pipelines.llm.missing_key import audit_missing_key
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.llm.tenant_key import open_key


def has_chat_key(connection: TenantConnection, tenant_id: UUID, cloak_key: bytes | None) -> bool:
    """Return whether the tenant has a key; without one, audit that its documents are refused.

    A key that cannot be decrypted here is one: another process may have the right cloak key.

    Args:
        connection: in a transaction of the tenant.
        tenant_id: the tenant.
        cloak_key: LOOPCTL_CLOAK_KEY; None: it is not set.
    """
    settings = read_settings(connection, tenant_id)
    if open_key(settings.encrypted_key, cloak_key) is not FailureKind.NO_API_KEY:
        return True
    audit_missing_key(connection, tenant_id, Operation.EXTRACTION)
    return False
