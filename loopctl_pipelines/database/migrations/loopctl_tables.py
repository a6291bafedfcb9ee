"""Creates the tables of loopctl's that this project needs and that are missing.

An existing table is never changed: no column, index, policy or grant is added to it.
"""

from collections.abc import Collection
from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow

from loopctl_pipelines.database.migrations.driver import migration_sql
from loopctl_pipelines.database.session_settings import pin_settings, vector_schema
from loopctl_pipelines.database.vectors import has_pgvector

JOB_QUEUE: Final = "oban_jobs"
"""The one table without a tenant, beside the tenants' own, and the one with a sequence."""

# in the order of their foreign keys
LOOPCTL_TABLES = (
    "tenants",
    "agents",
    "api_keys",
    "projects",
    "epics",
    "stories",
    "dispatches",
    "skills",
    "skill_versions",
    "token_usage_reports",
    "cost_summaries",
    "cost_anomalies",
    "articles",
    "tenant_llm_settings",
    "llm_usage_events",
    "audit_log",
    "review_records",
    "article_links",
    "conflict_resolutions",
    "kb_curation_events",
    "article_access_events",
    "token_budgets",
    "webhooks",
    "webhook_events",
    JOB_QUEUE,
)

KNOWLEDGE_TABLES: Final = (
    "articles",
    "article_links",
    "conflict_resolutions",
    "article_access_events",
)
"""`articles` has vectors, the others refer to it: without pgvector they are left out."""

_FUNCTIONS = (
    ("set_tenant", "uuid"),
    ("current_tenant_id", ""),
    ("api_key_role_immutable", ""),
    ("audit_log_prevent_update", ""),
    ("audit_log_prevent_delete", ""),
)

# runs after all tables, if the table was created here
_AFTERWARDS = {"stories": "stories_to_dispatches", "audit_log": "audit_log_partitions"}


def missing_tables(connection: Connection[TupleRow]) -> tuple[str, ...]:
    """Return the names of loopctl's tables that are missing, in foreign-key order."""
    rows = connection.execute(
        "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass('public.' || name) IS NULL",
        [list(LOOPCTL_TABLES)],
    ).fetchall()
    absent = {name for (name,) in rows}
    return tuple(name for name in LOOPCTL_TABLES if name in absent)


def create_missing_tables(
    connection: Connection[TupleRow], among: Collection[str] = LOOPCTL_TABLES
) -> None:
    """Create the missing tables with their indexes, policies and grants, if any is missing.

    Without pgvector on the server, KNOWLEDGE_TABLES are left out.

    Args:
        connection: in the transaction of the upgrade.
        among: only these tables.

    Raises:
        psycopg.errors.InsufficientPrivilege: if the login may not create them.
    """
    available = has_pgvector(connection)
    missing = [
        table
        for table in missing_tables(connection)
        if table in among and (available or table not in KNOWLEDGE_TABLES)
    ]
    if not missing:
        return
    connection.execute(migration_sql("loopctl/roles"))
    if available and vector_schema(connection) is None:
        connection.execute("CREATE EXTENSION vector SCHEMA public")
    # the tables' columns have pgvector's types, wherever the extension is
    pin_settings(connection)
    _create_missing_functions(connection)
    for table in missing:
        connection.execute(migration_sql(f"loopctl/{table}"))
    for table in missing:
        if table in _AFTERWARDS:
            connection.execute(migration_sql(f"loopctl/{_AFTERWARDS[table]}"))


def _create_missing_functions(connection: Connection[TupleRow]) -> None:
    for name, arguments in _FUNCTIONS:
        signature = f"public.{name}({arguments})"
        found = connection.execute("SELECT to_regprocedure(%s)", [signature]).fetchone()
        if found == (None,):
            connection.execute(migration_sql(f"loopctl/functions/{name}"))
