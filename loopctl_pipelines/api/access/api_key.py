"""What is known of an API key that was presented. The raw key is never kept. Pure."""

import hashlib
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that is neither revoked nor expired.

    Attributes:
        id: its id.
        name: what its owner calls it; the label of audit rows.
        role: agent, orchestrator, user or superadmin.
        tenant_id: its tenant; None for a superadmin's key, which belongs to none.
        tenant_status: as in `Tenant`; None for a superadmin's key.
        requests_per_minute: the tenant's own rate limit; None if it has set none that can be used.
        use_is_due: its last use was noted more than a minute ago, or never.
        impersonated_id: the tenant that was asked for, if it exists and the key is a superadmin's.
    """

    id: UUID
    name: str
    role: str
    tenant_id: UUID | None
    tenant_status: str | None
    requests_per_minute: int | None
    use_is_due: bool
    impersonated_id: UUID | None


def key_hash(raw_key: bytes) -> str:
    """Return what loopctl stores of a key: SHA-256 of all of it, in lowercase hexadecimal."""
    return hashlib.sha256(raw_key).hexdigest()
