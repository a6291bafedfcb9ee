"""Loads usage files; creates the tenants, projects, epics, stories and agents that they name."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.loading.errors import UsageFileError
from loopctl_pipelines.loading.usage_files import UsageFile
from loopctl_pipelines.loading.usage_row import UsageRow
from loopctl_pipelines.tenants.operator_queries import list_tenants

# in foreign-key order
_OWNED: Final = ("agents", "projects", "epics", "stories", "reports")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The number of rows that a file added to each table."""

    tenants: int
    agents: int
    projects: int
    epics: int
    stories: int
    reports: int


def load(database: Database, usage: UsageFile) -> Loaded:
    """Load a usage file; loaded again, it adds nothing.

    Whatever the file names is looked up by name (tenants and projects by slug), or created. Each
    tenant is one transaction; several run at the same time.

    Args:
        database: loopctl's database; it may hold other tenants.
        usage: the file, which was read as a whole: a file with a bad line loads nothing.

    Raises:
        UsageFileError: if PostgreSQL rejects a tenant's rows.
        DatabaseUnreachableError: if no connection is available in time.
    """
    rows_of: defaultdict[str, list[UsageRow]] = defaultdict(list)
    for row in usage.rows:
        rows_of[row.tenant_slug].append(row)
    tenants = _add_tenants(database, [rows[0] for rows in rows_of.values()])
    known = list_tenants(database)
    added: Counter[str] = Counter()
    # while PostgreSQL inserts one tenant's rows, Python sends another's
    pool = ThreadPoolExecutor(database.connections, thread_name_prefix="tenant")
    try:
        running = [
            pool.submit(_add_usage, database, known[slug].id, slug, rows)
            for slug, rows in sorted(rows_of.items())
        ]
        for ended in running:
            added += ended.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return Loaded(tenants=tenants, **{table: added[table] for table in _OWNED})


def _add_tenants(database: Database, first_rows: Iterable[UsageRow]) -> int:
    tenants = [
        {"id": str(row.path_id()), "slug": row.tenant_slug, "name": row.tenant}
        for row in first_rows
    ]
    with database.operator_transaction() as connection:
        return connection.execute(
            statement(__package__, "add_usage_tenants"), {"rows": Jsonb(tenants, dumps=json.dumps)}
        ).rowcount


def _add_usage(
    database: Database, tenant_id: UUID, slug: str, rows: Iterable[UsageRow]
) -> Counter[str]:
    try:
        with database.tenant_transaction(tenant_id) as connection:
            return _add_owned(connection, tenant_id, rows)
    except psycopg.Error as cause:
        sqlstate = cause.sqlstate
    # PostgreSQL's own message may quote a row
    raise UsageFileError(
        f"PostgreSQL rejected the usage of tenant {slug!r} (SQLSTATE {sqlstate}) and wrote none of "
        "it. Other tenants of the file may be loaded; load it again when the cause is gone."
    )


def _add_owned(
    connection: TenantConnection, tenant_id: UUID, rows: Iterable[UsageRow]
) -> Counter[str]:
    tenant = {"tenant_id": tenant_id}
    cursor = connection.cursor()
    cursor.execute(statement(__package__, "begin_usage"), tenant)
    cursor.execute(statement(__package__, "create_incoming_usage"))
    with cursor.copy(statement(__package__, "copy_incoming_usage")) as copy:
        for row in rows:
            copy.write_row(_incoming(row))
    added: Counter[str] = Counter()
    for table in _OWNED:
        added[table] = cursor.execute(statement(__package__, f"add_usage_{table}"), tenant).rowcount
    return added


def _incoming(row: UsageRow) -> tuple[object, ...]:
    """Return a row in the order of copy_incoming_usage.sql."""
    return (
        row.id,
        row.path_id("agent", row.agent),
        row.agent,
        row.path_id("project", row.project_slug),
        row.project_slug,
        row.project,
        row.path_id("epic", row.project_slug, row.epic),
        row.epic,
        row.path_id("story", row.project_slug, row.epic, row.story),
        row.story,
        row.model,
        row.at,
        row.cost_millicents,
        row.input_tokens,
        row.output_tokens,
    )
