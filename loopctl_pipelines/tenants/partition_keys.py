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
    """Compare the keys with the tenants. No key is removed: past partitions stay."""
    known = set(existing)
    active = [slug for slug, tenant in tenants.items() if tenant.is_active and slug not in known]
    return NewKeys(
        add=[slug for slug in active if is_usable(slug)],
        unusable=[slug for slug in active if not is_usable(slug)],
    )


def keys_without_tenant(existing: Collection[str], tenants: Mapping[str, Tenant]) -> list[str]:
    """Return the keys of tenants that loopctl has renamed or deleted, sorted."""
    return sorted(set(existing).difference(tenants))


def keys_to_prune(
    existing: Collection[str], tenants: Mapping[str, Tenant], materialized: Collection[str]
) -> list[str]:
    """Return the keys that no tenant has, and those of inactive tenants without data, sorted.

    Args:
        existing: all keys.
        tenants: all tenants by slug.
        materialized: slugs with a materialization.
    """
    return sorted(
        slug
        for slug in existing
        if slug not in tenants or not (tenants[slug].is_active or slug in materialized)
    )


def is_usable(slug: str) -> bool:
    """Return whether a slug can be a key."""
    return bool(slug) and slug.isprintable() and not any(part in slug for part in _NOT_IN_A_KEY)
