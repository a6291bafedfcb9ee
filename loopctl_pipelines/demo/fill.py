"""Writes the sample. Existing rows are not changed."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import partial
from operator import attrgetter
from uuid import UUID

from psycopg.types.json import Jsonb

from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.demo.errors import DemoRefusedError
from loopctl_pipelines.demo.sample.rows import (
    AgentRow,
    BudgetRow,
    EpicRow,
    ProjectRow,
    ReportRow,
    Sample,
    StoryRow,
    TenantRow,
)

# in the order of copy_incoming_reports.sql; astuple would copy every value deeply
_as_tuple = attrgetter(*(field.name for field in fields(ReportRow)))
# jsonb_to_recordset casts ids and timestamps back from their text
_as_text = partial(json.dumps, default=str)


@dataclass(frozen=True, slots=True)
class Filled:
    """Rows that were added, per table."""

    tenants: int
    agents: int
    projects: int
    epics: int
    stories: int
    reports: int


def fill(database: Database, sample: Sample) -> Filled:
    """Write the sample, each tenant's rows in a transaction of that tenant.

    A second call with the same sample adds nothing; a sample with later days adds those days.

    Raises:
        DemoRefusedError: if the database holds a tenant other than the sample's. Nothing is
            written then.
        DatabaseUnreachableError: if no connection is available in time.
    """
    added = Counter({"tenants": _add_tenants(database, sample.tenants)})
    for tenant in sample.tenants:
        with database.tenant_transaction(tenant.id) as connection:
            added += _add_owned(connection, tenant.id, sample)
            _insert(
                connection,
                "insert_budgets",
                [row for row in sample.budgets if row.tenant_id == tenant.id],
            )
            reports = (row for row in sample.reports if row.tenant_id == tenant.id)
            added["reports"] += _add_reports(connection, reports)
    return Filled(
        tenants=added["tenants"],
        agents=added["agents"],
        projects=added["projects"],
        epics=added["epics"],
        stories=added["stories"],
        reports=added["reports"],
    )


def _add_tenants(database: Database, tenants: tuple[TenantRow, ...]) -> int:
    with database.operator_transaction() as connection:
        foreign = connection.execute(
            statement(__package__, "count_foreign_tenants"),
            {"tenant_ids": [tenant.id for tenant in tenants]},
        ).fetchone()
        if foreign and foreign[0]:
            raise DemoRefusedError(foreign[0])
        return _insert(connection, "insert_tenants", tenants)


def _add_owned(connection: TenantConnection, tenant_id: UUID, sample: Sample) -> Counter[str]:
    # in foreign-key order
    tables: dict[str, Iterable[AgentRow | ProjectRow | EpicRow | StoryRow]] = {
        "agents": sample.agents,
        "projects": sample.projects,
        "epics": sample.epics,
        "stories": sample.stories,
    }
    return Counter(
        {
            table: _insert(
                connection, f"insert_{table}", [row for row in rows if row.tenant_id == tenant_id]
            )
            for table, rows in tables.items()
        }
    )


def _insert(
    connection: TenantConnection,
    name: str,
    rows: Iterable[TenantRow | AgentRow | ProjectRow | EpicRow | StoryRow | BudgetRow],
) -> int:
    document = Jsonb([asdict(row) for row in rows], dumps=_as_text)
    return connection.execute(statement(__package__, name), {"rows": document}).rowcount


def _add_reports(connection: TenantConnection, reports: Iterable[ReportRow]) -> int:
    cursor = connection.cursor()
    cursor.execute(statement(__package__, "create_incoming_reports"))
    with cursor.copy(statement(__package__, "copy_incoming_reports")) as copy:
        for report in reports:
            copy.write_row(_as_tuple(report))
    return cursor.execute(statement(__package__, "insert_reports")).rowcount
