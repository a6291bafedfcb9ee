"""API keys and roles, as loopctl defines them. Pure."""

from collections.abc import Sequence
from enum import IntEnum

_SCHEME = b"Bearer "


class Role(IntEnum):
    """Roles in ascending order: a higher role may do everything that a lower one may."""

    UNKNOWN = 0
    AGENT = 1
    ORCHESTRATOR = 2
    USER = 3
    SUPERADMIN = 4

    @classmethod
    def named(cls, name: str) -> "Role":
        """Return the role with loopctl's name; an unknown name gets a role that may do nothing."""
        return next((role for role in cls if role.label == name), cls.UNKNOWN)

    @property
    def label(self) -> str:
        """The role's name in loopctl."""
        return self.name.lower()


ASSUMABLE_ROLES = (Role.USER, Role.ORCHESTRATOR, Role.AGENT)
"""Roles that a superadmin may act in."""


def presented_key(authorization: Sequence[bytes]) -> bytes | None:
    """Return the raw key of the request's Authorization headers, or None if there is none.

    There must be exactly one header, and it must start exactly with `Bearer `.
    """
    if len(authorization) != 1 or not authorization[0].startswith(_SCHEME):
        return None
    return authorization[0].removeprefix(_SCHEME)
