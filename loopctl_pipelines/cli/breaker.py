"""`loopctl-pipelines breaker`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer

from loopctl_pipelines.cli.json_output import AsJson, print_json
from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import CircuitStatus
from loopctl_pipelines.llm.table_use import LLM_TABLES
from loopctl_pipelines.llm.vendor import Vendor
from loopctl_pipelines.llm.vendors import VENDORS, vendor_named
from loopctl_pipelines.tenants.errors import UnknownTenantError
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.terminal import Terminal
from loopctl_pipelines.terminal_text import visible

breaker = typer.Typer(no_args_is_help=True, help="Circuit breakers of the LLM vendors.")

_Slug = Annotated[str, typer.Argument(metavar="TENANT", help="Slug of the tenant.")]
_Vendor = Annotated[
    str | None,
    typer.Option("--vendor", metavar="NAME", help="Only this vendor's circuit; default: all."),
]


@breaker.command("show")
def breaker_show(slug: _Slug, vendor: _Vendor = None, *, as_json: AsJson = False) -> None:
    """Show a tenant's circuit at each vendor."""
    with _circuits(slug, vendor) as (breakers, tenant_id):
        circuits = [(each, found.state(tenant_id)) for each, found in breakers]
    _show(circuits, slug, as_json=as_json)


@breaker.command("reset")
def breaker_reset(slug: _Slug, vendor: _Vendor = None, *, as_json: AsJson = False) -> None:
    """Close a tenant's circuit at each vendor and forget its failures."""
    with _circuits(slug, vendor) as (breakers, tenant_id):
        for _, found in breakers:
            found.reset(tenant_id)
        circuits = [(each, found.state(tenant_id)) for each, found in breakers]
    _show(circuits, slug, as_json=as_json)


def _show(circuits: list[tuple[Vendor, CircuitStatus]], slug: str, *, as_json: bool) -> None:
    if as_json:
        print_json([_as_json(each, slug, status) for each, status in circuits])
    else:
        for each, status in circuits:
            _print(each, slug, status)


def _print(vendor: Vendor, slug: str, status: CircuitStatus) -> None:
    until = f" until {status.until:%H:%M:%S} UTC" if status.until else ""
    minutes = round(vendor.policy.window / timedelta(minutes=1))
    window = "a minute" if minutes == 1 else f"{minutes} minutes"
    failures = f", {status.failures} failures within {window}" if status.failures else ""
    line = f"{vendor.name} for {visible(slug)}: {status.state.value}{until}{failures}."
    Terminal().print(line)


def _as_json(vendor: Vendor, slug: str, status: CircuitStatus) -> dict[str, object]:
    return {
        "tenant": slug,
        "vendor": vendor.name,
        "circuit": status.state.value,
        "until": status.until.isoformat() if status.until else None,
        "failures": status.failures,
    }


@contextmanager
def _circuits(slug: str, vendor: str | None) -> Iterator[tuple[list[tuple[Vendor, Breaker]], UUID]]:
    """Give all vendors, or the one named, with their breakers, and the tenant's id.

    Raises:
        UnknownVendorError: if no vendor has this name.
        UnknownTenantError: if no tenant has this slug.
    """
    vendors = list(VENDORS.values()) if vendor is None else [vendor_named(vendor)]
    with open_project() as project:
        check_database(project.database, LLM_TABLES)
        tenants = list_tenants(project.database)
        if slug not in tenants:
            raise UnknownTenantError(slug)
        breakers = [(v, Breaker(project.database, v.name, v.policy)) for v in vendors]
        yield breakers, tenants[slug].id
