"""One row in every table of loopctl's for a tenant; each of its ids is the tenant's own."""

from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from loopctl_pipelines.database.migrations.loopctl_tables import JOB_QUEUE, LOOPCTL_TABLES

TENANT_TABLES = tuple(table for table in LOOPCTL_TABLES if table not in {"tenants", JOB_QUEUE})

_CHECKED = {"scope_type": "epic", "anomaly_type": "high_cost", "role": "user"}

_BY_TYPE: dict[str, object] = {
    "integer": 1,
    "bigint": 1,
    "numeric": 1,
    "date": "2026-04-02",
    "timestamp without time zone": "2026-04-02 12:00",
}

_MANDATORY_COLUMNS = """
    SELECT column_name, data_type
    FROM information_schema.columns
    WHERE table_schema = 'public'
      AND table_name = %s
      AND (
          column_name = 'tenant_id'
          OR is_nullable = 'NO' AND column_default IS NULL AND is_generated = 'NEVER'
      )
"""


def add_row(connection: Connection[TupleRow], table: str, tenant: UUID) -> None:
    """Insert a row with all mandatory columns; what it refers to has to be there."""
    columns = connection.execute(_MANDATORY_COLUMNS, [table]).fetchall()
    row = {name: _CHECKED.get(name) or _BY_TYPE.get(kind, tenant) for name, kind in columns}
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier("public", table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Literal(str(value)) for value in row.values()),
    )
    connection.execute(statement)


def add_tenant_with_a_row_everywhere(connection: Connection[TupleRow], tenant: UUID) -> None:
    for table in LOOPCTL_TABLES:
        add_row(connection, table, tenant)
