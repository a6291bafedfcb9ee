"""API keys and roles (behaviour 4). Pure."""

from collections.abc import Sequence
from enum import IntEnum

_SCHEME = b"Bearer "


class Role(IntEnum):
    """The role ladder: whoever may do something at one level may do it at every higher one."""

    UNKNOWN = 0
    AGENT = 1
    ORCHESTRATOR = 2
    USER = 3
    SUPERADMIN = 4

    @classmethod
    def named(cls, name: str) -> "Role":
        """Return the role of loopctl's name; one that is not known may do nothing."""
        return next((role for role in cls if role.label == name), cls.UNKNOWN)

    @property
    def label(self) -> str:
        """The role's name in loopctl."""
        return self.name.lower()


ASSUMABLE_ROLES = (Role.USER, Role.ORCHESTRATOR, Role.AGENT)
"""What a superadmin may act as."""


def presented_key(authorization: Sequence[bytes]) -> bytes | None:
    """Return the raw key of the request's Authorization headers, or None if there is none.

    There must be exactly one header, and it must start exactly with `Bearer `.
    """
    if len(authorization) != 1 or not authorization[0].startswith(_SCHEME):
        return None
    return authorization[0].removeprefix(_SCHEME)
