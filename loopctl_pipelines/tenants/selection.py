"""Which tenants a person may ask for. Pure."""

from collections.abc import Mapping, Sequence

from loopctl_pipelines.tenants.errors import (
    InactiveTenantError,
    StillATenantError,
    UnknownTenantError,
    UnusableSlugError,
)
from loopctl_pipelines.tenants.partition_keys import is_usable
from loopctl_pipelines.tenants.tenant import Tenant


def select_tenants(slugs: Sequence[str], tenants: Mapping[str, Tenant]) -> list[str]:
    """Return these slugs, or those of all active tenants if there are none.

    Raises:
        UnknownTenantError: if no tenant has one of the slugs.
        InactiveTenantError: if one of them is suspended, deactivated or pending.
    """
    for slug in slugs:
        if slug not in tenants:
            raise UnknownTenantError(slug)
        if not tenants[slug].is_active:
            raise InactiveTenantError(slug, tenants[slug].status)
    wanted = set(slugs)
    return [s for s, t in tenants.items() if (s in wanted if slugs else t.is_active)]


def check_rename(old: str, new: str, tenants: Mapping[str, Tenant]) -> None:
    """Check that a history may be carried over from one slug to another.

    Raises:
        StillATenantError: if a tenant has the old slug.
        UnknownTenantError: if no tenant has the new one.
        UnusableSlugError: if the new one cannot be a partition key.
    """
    if old in tenants:
        raise StillATenantError(old)
    if new not in tenants:
        raise UnknownTenantError(new)
    if not is_usable(new):
        raise UnusableSlugError(new)
