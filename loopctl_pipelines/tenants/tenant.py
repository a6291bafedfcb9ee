"""What a tenant is."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant of loopctl.

    Attributes:
        id: its id in every loopctl table.
        slug: its unique short name, the key of its partition.
        name: what people call it.
        status: active, suspended, deactivated or pending_enrollment (behaviour 1).
    """

    id: UUID
    slug: str
    name: str
    status: str

    @property
    def is_active(self) -> bool:
        """Only active tenants are computed; what was computed for others before stays."""
        return self.status == "active"
