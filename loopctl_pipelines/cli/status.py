"""`loopctl-pipelines status`."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from loopctl_pipelines.cli.json_output import AsJson, print_json
from loopctl_pipelines.cli.project import Project, open_project
from loopctl_pipelines.database.errors import ExtensionMissingError
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.knowledge.embedding.table_use import EMBEDDING_TABLES
from loopctl_pipelines.knowledge.extraction.table_use import EXTRACTION_TABLES
from loopctl_pipelines.knowledge.extraction.unknown_slugs import unknown_slugs_sentence
from loopctl_pipelines.knowledge.work_status.status import WorkStatus, work_status
from loopctl_pipelines.llm.anthropic.exceptions import ANTHROPIC
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.selection import select_tenants
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines.terminal import Terminal
from loopctl_pipelines.terminal_text import visible

_VENDORS: Final = {Operation.EMBEDDING: OPENAI, Operation.EXTRACTION: ANTHROPIC}

_Row = tuple[Tenant, WorkStatus, str]


def status(
    tenant: Annotated[
        list[str] | None, typer.Option(help="Slug; may be given again. Unset: all active tenants.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show per tenant what is pending, what waits until when, and why."""
    with open_project() as project:
        try:
            for tables in (EMBEDDING_TABLES, EXTRACTION_TABLES):
                check_database(project.database, tables)
        except ExtensionMissingError as missing:
            # costs alone are no failure
            Terminal(stderr=as_json).print(str(missing))
            if as_json:
                print_json([])
            return
        tenants = list_tenants(project.database)
        chosen = [tenants[slug] for slug in select_tenants(tenant or [], tenants)]
        unknown = unknown_slugs_sentence(project.database, project.settings.extract_reviews)
        rows = [row for one in chosen for row in _rows(project, one)]
    busy = [(one, work, circuit) for one, work, circuit in rows if _is_busy(work, circuit)]
    if unknown:
        Terminal(stderr=True).print(unknown)
    if as_json:
        print_json([_as_json(*row) for row in rows])
    elif busy:
        Terminal().print(_table(busy))
    else:
        Terminal().print("Nothing is pending, and nothing waits.")


def _rows(project: Project, tenant: Tenant) -> Iterable[_Row]:
    with project.database.tenant_transaction(tenant.id) as connection:
        found = work_status(connection, tenant.id)
    for one in found:
        vendor = _VENDORS[one.operation]
        circuit = Breaker(project.database, vendor.name, vendor.policy).state(tenant.id)
        yield tenant, one, circuit.state.value


def _is_busy(one: WorkStatus, circuit: str) -> bool:
    """Tell whether there is something to show: tenants without work would hide the others."""
    return bool(one.pending or one.waiting or one.set_aside or one.reasons) or circuit != "closed"


def _as_json(tenant: Tenant, one: WorkStatus, circuit: str) -> dict[str, object]:
    return {
        "tenant": tenant.slug,
        "operation": one.operation.value,
        "pending": one.pending,
        "waiting": one.waiting,
        "set_aside": one.set_aside,
        "until": one.until.isoformat() if one.until else None,
        "reasons": list(one.reasons),
        "vendor": _VENDORS[one.operation].name,
        "circuit": circuit,
    }


def _table(rows: Iterable[_Row]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("tenant")
    table.add_column("operation", no_wrap=True, min_width=len(Operation.EXTRACTION))
    for heading in ("pending", "waiting", "set aside"):
        table.add_column(heading, justify="right")
    table.add_column("until (UTC)")
    table.add_column("why")
    for tenant, one, circuit in rows:
        reasons = [*one.reasons, *([f"circuit {circuit}"] if circuit != "closed" else [])]
        table.add_row(
            visible(tenant.slug),
            one.operation.value,
            *(f"{count:,}" for count in (one.pending, one.waiting, one.set_aside)),
            _time(one.until),
            ", ".join(reasons),
        )
    return table


def _time(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%m-%d %H:%M}"
