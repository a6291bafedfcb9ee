"""Who did something, as loopctl's audit log names them. Pure."""

from dataclasses import dataclass
from typing import Literal, Self
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """The actor of a row in loopctl's audit log.

    Attributes:
        actor_type: `api_key`, `superadmin` for a key that impersonates the tenant, or `system`
            without a key.
        actor_id: the key's id; None for `system`.
        actor_label: the key's name, or the part of the system, such as `cli:anomalies`.
    """

    actor_type: Literal["api_key", "superadmin", "system"]
    actor_id: UUID | None
    actor_label: str

    @classmethod
    def api_key(cls, key_id: UUID, name: str) -> Self:
        """Return the owner of a key of loopctl's."""
        return cls("api_key", key_id, name)

    @classmethod
    def superadmin(cls, key_id: UUID, name: str) -> Self:
        """Return the owner of a key that belongs to no tenant."""
        return cls("superadmin", key_id, name)

    @classmethod
    def system(cls, label: str) -> Self:
        """Return a part of the system."""
        return cls("system", None, label)
