"""Whom a person asks for: tenants that are active, and one sentence where they are not."""

from uuid import uuid4

import pytest

from loopctl_pipelines.tenants.errors import InactiveTenantError, UnknownTenantError
from loopctl_pipelines.tenants.selection import select_tenants
from loopctl_pipelines.tenants.tenant import Tenant

TENANTS = {
    slug: Tenant(uuid4(), slug, slug, status)
    for slug, status in (("acme", "active"), ("blue", "suspended"), ("cold", "active"))
}


def test_nobody_named_means_all_active_tenants() -> None:
    assert select_tenants([], TENANTS) == ["acme", "cold"]


def test_named_tenants_are_taken_once() -> None:
    assert select_tenants(["cold", "cold"], TENANTS) == ["cold"]


def test_an_unknown_tenant_is_named_by_its_slug() -> None:
    with pytest.raises(UnknownTenantError, match="'acmee'"):
        select_tenants(["acme", "acmee"], TENANTS)


def test_a_suspended_tenant_is_refused_by_its_status() -> None:
    with pytest.raises(InactiveTenantError, match="'blue' is suspended"):
        select_tenants(["blue"], TENANTS)
