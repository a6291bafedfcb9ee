"""An API key as the lookup found it; the raw key is not kept. Pure."""

import hashlib
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that is neither revoked nor expired.

    Attributes:
        id: its id.
        name: the owner's name for it; the actor label in the audit log.
        role: agent, orchestrator, user or superadmin.
        tenant_id: its tenant; None for a superadmin's key, which belongs to none.
        tenant_status: as in `Tenant`; None for a superadmin's key.
        requests_per_minute: the tenant's own rate limit; None if it has no usable one.
        use_is_due: `last_used_at` is empty or more than a minute old.
        agent_id: the agent that the key belongs to; None: none.
        impersonated_id: the tenant to impersonate, if it exists and the key is a superadmin's.
    """

    id: UUID
    name: str
    role: str
    tenant_id: UUID | None
    tenant_status: str | None
    requests_per_minute: int | None
    use_is_due: bool
    agent_id: UUID | None
    impersonated_id: UUID | None


def key_hash(raw_key: bytes) -> str:
    """Return the hash that loopctl stores: SHA-256 of the whole key, in lowercase hexadecimal."""
    return hashlib.sha256(raw_key).hexdigest()
