"""The rights that commands and sensors need, of the tenant role and of the login.

The login's are those of docs/database-permissions.md: what the operator queries touch.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from loopctl_pipelines.alerts.table_use import ALERT_TABLES
from loopctl_pipelines.costs.table_use import COST_TABLES, RETENTION_TABLES
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.errors import RoleUnfitError
from loopctl_pipelines.database.missing_rights import quoted
from loopctl_pipelines.database.session_settings import vector_schema
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.database.table_use import TableUse
from loopctl_pipelines.exporting.table_use import EXPORT_TABLES
from loopctl_pipelines.knowledge.articles.table_use import ARTICLE_TABLES
from loopctl_pipelines.knowledge.embedding.table_use import EMBEDDING_TABLES
from loopctl_pipelines.knowledge.extraction.table_use import EXTRACTION_TABLES
from loopctl_pipelines.knowledge.ingestion.table_use import INGESTION_TABLES
from loopctl_pipelines.knowledge.linking.table_use import LINKING_TABLES
from loopctl_pipelines.knowledge.proposals.table_use import PROPOSAL_TABLES

Rights = Mapping[str, tuple[str, ...]]
"""Rights by table."""

TABLES_OF_WORK: Final[Mapping[str, TableUse]] = {
    "costs": COST_TABLES,
    "retention": RETENTION_TABLES,
    "alerts": ALERT_TABLES,
    "embedding": EMBEDDING_TABLES,
    "extraction": EXTRACTION_TABLES,
    "ingestion": INGESTION_TABLES,
    "linking": LINKING_TABLES,
}
TABLES_OF_SOME_COMMANDS: Final[Mapping[str, TableUse]] = {
    "export": EXPORT_TABLES,
    "articles (API)": ARTICLE_TABLES,
    "proposals (API)": PROPOSAL_TABLES,
}
"""Only `loopctl-pipelines export` and `loopctl-pipelines api` need them."""

_SEEN = ("SELECT",)
_CLEARED = ("SELECT", "DELETE")
_CHANGED = ("SELECT", "DELETE", "UPDATE")
_KEPT = ("SELECT", "INSERT", "UPDATE", "DELETE")

LOGIN_RIGHTS: Final[Rights] = {
    **dict.fromkeys(
        (
            "tenants",
            "token_usage_reports",
            "token_budgets",
            "cost_summaries",
            "cost_anomalies",
            "review_records",
            "tenant_llm_settings",
            "audit_log",
            "llm_usage_events",
            "loopctl_pipelines.cost_baselines",
            "loopctl_pipelines.alembic_version",
        ),
        _SEEN,
    ),
    **dict.fromkeys(
        (
            "loopctl_pipelines.circuit_breakers",
            "loopctl_pipelines.embedding_states",
            "loopctl_pipelines.embedding_endpoints",
            "loopctl_pipelines.linked_articles",
            "loopctl_pipelines.linking_tenants",
            "loopctl_pipelines.extractions",
            "loopctl_pipelines.extracted_reviews",
            "loopctl_pipelines.unchecked_proposals",
            "loopctl_pipelines.alerted_findings",
        ),
        _CLEARED,
    ),
    "loopctl_pipelines.tenant_operations": _CHANGED,
    "loopctl_pipelines.ingestion_requests": _CHANGED,
    "loopctl_pipelines.finished_tenants": ("SELECT", "INSERT", "DELETE"),
    "loopctl_pipelines.alert_position": _KEPT,
    "loopctl_pipelines.alert_messages": _KEPT,
}
LOGIN_RIGHTS_OF_KNOWLEDGE: Final[Rights] = {
    "articles": _SEEN,
    "loopctl_pipelines.pending_articles": _SEEN,
    "loopctl_pipelines.unwritten_vectors": _CLEARED,
}
"""On what needs pgvector."""
LOGIN_RIGHTS_OF_API: Final[Rights] = {"api_keys": ("SELECT", "UPDATE")}
"""Only `loopctl-pipelines api` needs them."""


def check_login_rights(connection: TenantConnection, rights: Rights) -> None:
    """Reject a login that lacks rights on tables.

    Raises:
        RoleUnfitError: with the GRANTs.
    """
    needed = [(table, right) for table, many in rights.items() for right in many]
    asked = {"tables": [t for t, _ in needed], "rights": [right for _, right in needed]}
    lacking = connection.execute(statement(__package__, "lacking_rights"), asked).fetchall()
    if lacking:
        login = connection.info.user
        raise RoleUnfitError(
            f"The login {login!r} of LOOPCTL_DATABASE_URL lacks rights. "
            f"Run {_grants(lacking, login)}"
        )


def check_schemas(connection: TenantConnection, role: str) -> str:
    """Return the schemas that the role and the login may use.

    Raises:
        RoleUnfitError: if one of them may not use a schema that is needed; with the GRANTs.
    """
    needed = dict.fromkeys(("public", "loopctl_pipelines", vector_schema(connection) or "public"))
    asked = {"schemas": list(needed), "role": role}
    lacking = connection.execute(statement(__package__, "unusable_schemas"), asked).fetchall()
    if lacking:
        grants = (
            f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {quoted(holder)};"
            for schema, holder in lacking
        )
        raise RoleUnfitError(f"The role or the login may not use a schema. Run {' '.join(grants)}")
    return ", ".join(needed)


def check_job_queue(connection: TenantConnection, role: str) -> None:
    """Reject a role that may not add jobs to loopctl's queue, which number themselves.

    Raises:
        RoleUnfitError: with the GRANT.
    """
    asked = {"role": role}
    found = connection.execute(statement(__package__, "may_queue_jobs"), asked).fetchone()
    if found == (False,):
        raise RoleUnfitError(
            f"The role {role!r} (LOOPCTL_DATABASE_ROLE) may not add jobs for webhooks. "
            f"Run GRANT USAGE ON SEQUENCE oban_jobs_id_seq TO {quoted(role)};"
        )


def _grants(lacking: Iterable[tuple[str, str]], login: str) -> str:
    """Return a GRANT for each right, on all tables that lack it."""
    tables: dict[str, list[str]] = {}
    for table, right in lacking:
        tables.setdefault(right, []).append(table)
    return " ".join(
        f"GRANT {right} ON {', '.join(many)} TO {quoted(login)};" for right, many in tables.items()
    )
