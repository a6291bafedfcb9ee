"""Keys, anomalies and summaries, written as loopctl and the pipelines write them."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.cloak import encrypt
from loopctl_pipelines_tests.api.serving import CLOAK_KEY
from loopctl_pipelines_tests.usage import LONG_AGO, Usage, id_of

NOON = datetime(2026, 4, 2, 12)  # noqa: DTZ001 - loopctl's timestamps have no zone


def add_tenants(database: Database, *slugs: str) -> None:
    """Add active tenants with one story each, `s`, assigned to their agent `a`."""
    usage = Usage()
    for slug in slugs:
        usage.story(slug)
    usage.write(database)


def add_key(database: Database, slug: str | None, role: str = "user", **columns: object) -> str:
    """Add a key of the tenant, or a superadmin's without one, and return it as its owner has it."""
    raw = f"lc_{hashlib.sha256(uuid4().bytes).hexdigest()[:40]}"
    row = {
        "id": uuid4(),
        "tenant_id": id_of(slug) if slug else None,
        "name": f"{role} of {slug}",
        "key_hash": hashlib.sha256(raw.encode()).hexdigest(),
        "key_prefix": raw[:8],
        "role": role if slug else "superadmin",
        "inserted_at": LONG_AGO,
        "updated_at": LONG_AGO,
        **columns,
    }
    _insert(database, "api_keys", row)
    return raw


def add_anomaly(database: Database, slug: str, **columns: object) -> UUID:
    """Add an open anomaly of the tenant's story `s`, and return its id."""
    row = {
        "id": uuid4(),
        "tenant_id": id_of(slug),
        "story_id": id_of(slug, "story", "e", "s"),
        "anomaly_type": "high_cost",
        "story_cost_millicents": 40_000,
        "reference_avg_millicents": 10_000,
        "deviation_factor": "4.0",
        "inserted_at": NOON,
        "updated_at": NOON,
        **columns,
    }
    _insert(database, "cost_anomalies", row)
    return UUID(str(row["id"]))


def add_summary(database: Database, slug: str, **columns: object) -> UUID:
    """Add a summary of the tenant's agent `a`, and return its id."""
    row = {
        "id": uuid4(),
        "tenant_id": id_of(slug),
        "scope_type": "agent",
        "scope_id": id_of(slug, "agent", "a"),
        "period_start": NOON.date(),
        "period_end": NOON.date(),
        "inserted_at": NOON,
        "updated_at": NOON,
        **columns,
    }
    _insert(database, "cost_summaries", row)
    return UUID(str(row["id"]))


def add_document(database: Database, slug: str, **columns: object) -> UUID:
    """Add a document that was handed in to the tenant, and return its id."""
    row = {
        "tenant_id": id_of(slug),
        "id": uuid4(),
        "source_type": "ingestion",
        "content": "A document.",
        "content_hash": hashlib.sha256(uuid4().bytes).hexdigest(),
        **columns,
    }
    _insert(database, "loopctl_pipelines.ingestion_requests", row)
    return UUID(str(row["id"]))


def add_usage_event(database: Database, slug: str, **columns: object) -> None:
    """Add a request that the tenant was billed for."""
    row = {
        "id": uuid4(),
        "tenant_id": id_of(slug),
        "operation": "extraction",
        "model": "claude-haiku-4-5-20251001",
        **columns,
    }
    _insert(database, "llm_usage_events", row)


def add_article(database: Database, slug: str, **columns: object) -> UUID:
    """Add a draft of the tenant's, and return its id."""
    article = uuid4()
    row = {
        "id": article,
        "tenant_id": id_of(slug),
        "title": f"Article {article}",
        "body": "A body.",
        "category": "finding",
        "status": "draft",
        "slug": str(article),
        "inserted_at": NOON,
        "updated_at": NOON,
        **columns,
    }
    _insert(database, "articles", row)
    return article


def add_review(database: Database, slug: str) -> None:
    """Add a review of the tenant's story `s` that no run has seen."""
    row = {
        "id": uuid4(),
        "tenant_id": id_of(slug),
        "story_id": id_of(slug, "story", "e", "s"),
        "review_type": "final",
        "summary": "Two findings.",
        "completed_at": NOON,
        "inserted_at": NOON,
        "updated_at": NOON,
    }
    _insert(database, "review_records", row)


def add_row_of(database: Database, table: str, **columns: object) -> None:
    """Add a row with just these columns."""
    _insert(database, table, columns)


def set_chat_key(
    database: Database, slug: str, key: str = "sk-of-the-tests", cloak_key: bytes = CLOAK_KEY
) -> None:
    """Set a tenant's key for chat models, as loopctl does."""
    row = {
        "id": uuid4(),
        "tenant_id": id_of(slug),
        "api_key": encrypt(key, cloak_key),
        "inserted_at": LONG_AGO,
        "updated_at": LONG_AGO,
    }
    _insert(database, "tenant_llm_settings", row)


def set_status(database: Database, slug: str, status: str) -> None:
    """Suspend a tenant, or whatever the status says."""
    with database.operator_transaction() as connection:
        connection.execute("UPDATE tenants SET status = %s WHERE id = %s", [status, id_of(slug)])


def set_rate_limit(database: Database, slug: str, setting: object) -> None:
    """Set a tenant's own rate limit to any JSON value."""
    settings = json.dumps({"rate_limit_requests_per_minute": setting})
    with database.operator_transaction() as connection:
        connection.execute(
            "UPDATE tenants SET settings = %s WHERE id = %s", [settings, id_of(slug)]
        )


def rows_of(database: Database, table: str) -> list[dict[str, Any]]:
    """Return all rows of a table, the oldest first."""
    name = sql.Identifier(*table.split("."))
    query = sql.SQL("SELECT * FROM {} ORDER BY inserted_at, id").format(name)
    with database.operator_transaction() as connection:
        return connection.cursor(row_factory=dict_row).execute(query).fetchall()


def later(seconds: float) -> datetime:
    """Return a time so many seconds after that of most rows here."""
    return NOON + timedelta(seconds=seconds)


def _insert(database: Database, table: str, row: dict[str, object]) -> None:
    values = [Jsonb(value) if isinstance(value, dict) else value for value in row.values()]
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(*table.split(".")),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    with database.operator_transaction() as connection:
        connection.execute(statement, values)
