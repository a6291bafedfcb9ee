"""Fills a database with a day's usage of many tenants, the same every time."""

from datetime import date, datetime, time
from typing import Final

import psycopg
from psycopg import sql

from loopctl_pipelines.database.statements import statement

DAY: Final = date(2026, 4, 2)
_FILLS = ("tenants", "projects", "epics", "agents", "stories", "reports")
_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index
    WHERE indrelid = 'token_usage_reports'::regclass
      AND NOT indisunique
"""


def fill_day(url: str, *, reports: int, tenants: int) -> int:
    """Write about `reports` reports of `tenants` tenants (Zipf), and return how many there are."""
    with psycopg.connect(url, autocommit=True) as connection:
        # no foreign key is checked and no index kept while the rows come in
        connection.execute("SET session_replication_role = replica")
        indexes = connection.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        sizes = {"reports": reports, "tenants": tenants}
        connection.execute(statement(__package__, "create_tenant_sizes"), sizes)
        connection.execute(statement(__package__, "create_uniform"))
        for name in _FILLS:
            start = {"day": datetime.combine(DAY, time())}
            connection.execute(statement(__package__, f"fill_{name}"), start)
        for _, definition in indexes:
            connection.execute(definition.encode())
        connection.execute("VACUUM (ANALYZE)")
        row = connection.execute("SELECT count(*) FROM token_usage_reports").fetchone()
    return int(row[0]) if row else 0
