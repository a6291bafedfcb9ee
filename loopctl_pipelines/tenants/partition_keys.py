"""Which tenants get a partition key. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from loopctl_pipelines.tenants.tenant import Tenant

# "|" joins the dimensions of a key; Dagster refuses "..." and control characters
_NOT_IN_A_KEY = ("|", "...")


@dataclass(frozen=True, slots=True)
class NewKeys:
    """The partition keys to add.

    Attributes:
        add: slugs of active tenants without a key, in their order.
        unusable: slugs of active tenants that cannot be a key.
    """

    add: list[str]
    unusable: list[str]


def new_keys(existing: Collection[str], tenants: Mapping[str, Tenant]) -> NewKeys:
    """Compare the keys with the tenants. A key is never removed: past partitions stay."""
    known = set(existing)
    active = [slug for slug, tenant in tenants.items() if tenant.is_active and slug not in known]
    return NewKeys(
        add=[slug for slug in active if _is_usable(slug)],
        unusable=[slug for slug in active if not _is_usable(slug)],
    )


def _is_usable(slug: str) -> bool:
    return bool(slug) and slug.isprintable() and not any(part in slug for part in _NOT_IN_A_KEY)
