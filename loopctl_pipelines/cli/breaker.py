"""`loopctl-pipelines breaker`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.knowledge.embedding.table_use import EMBEDDING_TABLES
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import BreakerPolicy
from loopctl_pipelines.tenants.errors import UnknownTenantError
from loopctl_pipelines.tenants.operator_queries import list_tenants

breaker = typer.Typer(no_args_is_help=True, help="The circuit breakers of the embedding provider.")

_Slug = Annotated[str, typer.Argument(metavar="TENANT", help="Slug of the tenant.")]


@breaker.command("show")
def breaker_show(slug: _Slug) -> None:
    """Tell the state of one tenant's circuit breaker."""
    with _breaker_of(slug) as (found, tenant_id):
        status = found.state(tenant_id)
    until = f" until {status.until:%H:%M:%S} UTC" if status.until else ""
    failures = f", {status.failures} failures within a minute" if status.failures else ""
    Console().print(f"{slug}: {status.state.value}{until}{failures}.", highlight=False)


@breaker.command("reset")
def breaker_reset(slug: _Slug) -> None:
    """Close one tenant's circuit breaker and forget its failures."""
    with _breaker_of(slug) as (found, tenant_id):
        found.reset(tenant_id)
    Console().print(f"{slug}: closed.", highlight=False)


@contextmanager
def _breaker_of(slug: str) -> Iterator[tuple[Breaker, UUID]]:
    with open_project() as project:
        check_database(project.database, EMBEDDING_TABLES)
        tenants = list_tenants(project.database)
        if slug not in tenants:
            raise UnknownTenantError(slug)
        yield Breaker(project.database, BreakerPolicy()), tenants[slug].id
