"""A tenant of loopctl."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant of loopctl.

    Attributes:
        id: the id in every loopctl table.
        slug: the unique short name, and the partition key.
        name: what people call it.
        status: active, suspended, deactivated or pending_enrollment.
    """

    id: UUID
    slug: str
    name: str
    status: str

    @property
    def is_active(self) -> bool:
        """Only active tenants are computed; what was computed for others before stays."""
        return self.status == "active"
