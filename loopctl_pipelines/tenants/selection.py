"""Which tenants a person may ask for. Pure."""

from collections.abc import Mapping, Sequence

from loopctl_pipelines.tenants.errors import InactiveTenantError, UnknownTenantError
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
