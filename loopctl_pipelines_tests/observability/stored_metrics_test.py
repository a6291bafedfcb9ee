"""Metrics are what the database holds, whichever process did the work; they name no tenant."""

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import BreakerPolicy, Permit, Verdict
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.observability.exposition import text_of
from loopctl_pipelines.observability.stored_metrics import read_stored
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.api.rows import (
    add_article,
    add_document,
    add_review,
    add_row_of,
    add_tenants,
    add_usage_event,
    set_chat_key,
)
from loopctl_pipelines_tests.observability.samples import Samples
from loopctl_pipelines_tests.usage import id_of

NOW = datetime.now(UTC)
TODAY = NOW.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
SOURCES = ("tenants", "queues", "circuits", "ledger", "audit")


@pytest.fixture
def tenants(database: Database) -> Database:
    add_tenants(database, "acme", "other")
    return database


def scrape(database: Database, **settings: frozenset[str]) -> Samples:
    return Samples(text_of(read_stored(database, Settings(**settings)).families()).decode())  # type: ignore[arg-type]


def _block(database: Database, slug: str, operation: str, at: datetime) -> None:
    add_row_of(
        database,
        "audit_log",
        tenant_id=id_of(slug),
        entity_type="llm_config",
        entity_id=id_of(slug),
        action="llm.blocked_no_api_key",
        actor_type="system",
        new_state=f'{{"operation": "{operation}"}}',
        inserted_at=at,
    )


def test_an_empty_database_has_zeros_and_no_errors(database: Database) -> None:
    samples = scrape(database)
    queues = samples.labelled("loopctl_queue_items")
    assert queues == {("embeddings",): 0, ("extractions",): 0, ("ingestion",): 0}
    assert samples.labelled("loopctl_scrape_error") == {(name,): 0 for name in SOURCES}
    operations = {(operation.value,): 0 for operation in Operation}
    assert samples.labelled("loopctl_llm_blocked_total") == operations
    assert samples.of("loopctl_embedding_skipped_no_key_total") == 0
    assert samples.labelled("loopctl_queue_oldest_timestamp_seconds") == {}
    assert not [name for name in samples.names if name.startswith("loopctl_tenant_")]


def test_queues_are_counted_with_the_time_since_when_the_oldest_waits(tenants: Database) -> None:
    early, late = NOW - timedelta(hours=5), NOW - timedelta(hours=1)
    set_chat_key(tenants, "acme")
    set_chat_key(tenants, "other")
    with tenants.operator_transaction() as connection:
        connection.execute(
            "UPDATE tenant_llm_settings SET embedding_api_key = api_key WHERE tenant_id = %s",
            [id_of("acme")],
        )
    add_document(tenants, "acme", inserted_at=late)
    add_document(tenants, "other", inserted_at=early)
    add_document(tenants, "acme", inserted_at=early, next_attempt_at=NOW + timedelta(hours=1))
    for slug, edited in (("acme", late), ("other", early)):
        add_article(tenants, slug, status="published", updated_at=edited.replace(tzinfo=None))
    add_article(tenants, "acme", status="draft")
    samples = scrape(tenants)
    queues = samples.labelled("loopctl_queue_items")
    # a document that waits for another attempt is not due
    assert queues == {("embeddings",): 2, ("extractions",): 2, ("ingestion",): 3}
    assert samples.of("loopctl_embedding_articles_without_key") == 1
    oldest = samples.labelled("loopctl_queue_oldest_timestamp_seconds")
    assert oldest["ingestion",] == pytest.approx(early.timestamp())
    assert oldest["extractions",] == pytest.approx(early.timestamp())
    # what lacks a key waits for a person
    assert oldest["embeddings",] == pytest.approx(late.timestamp())


def test_a_review_is_in_the_queue_if_its_tenant_s_reviews_are_extracted_here(
    tenants: Database,
) -> None:
    with tenants.operator_transaction() as connection:
        connection.execute("UPDATE tenants SET settings = '{\"knowledge_auto_extract\": false}'")
    add_review(tenants, "acme")
    add_review(tenants, "other")
    samples = scrape(tenants, extract_reviews=frozenset({"acme"}))
    assert samples.of("loopctl_queue_items", queue="extractions") == 1


def test_circuits_are_counted_by_vendor_and_state(tenants: Database) -> None:
    open_for_long = BreakerPolicy(failure_threshold=1, cooldown=timedelta(hours=1))
    over = BreakerPolicy(failure_threshold=1, cooldown=timedelta(microseconds=1))
    fail = Verdict.COUNTED
    Breaker(tenants, "openai", open_for_long).record(Permit(id_of("acme")), fail)
    Breaker(tenants, "openai", open_for_long).record(Permit(id_of("other")), fail)
    Breaker(tenants, "anthropic", over).record(Permit(id_of("acme")), fail)
    assert scrape(tenants).labelled("loopctl_circuits") == {
        ("open", "openai"): 2,
        ("half-open", "openai"): 0,
        ("open", "anthropic"): 0,
        ("half-open", "anthropic"): 1,
    }


def test_what_a_day_cost_is_in_tokens_and_in_dollars_by_list_price(tenants: Database) -> None:
    model = "claude-haiku-4-5-20251001"
    for days in (0, 0, 1, 2):
        add_usage_event(
            tenants,
            "acme",
            model=model,
            input_tokens=1_000_000,
            output_tokens=10,
            occurred_at=TODAY - timedelta(days=days),
        )
    add_usage_event(tenants, "other", model="ours", input_tokens=7, occurred_at=TODAY)
    add_usage_event(tenants, "other", operation="a tenant's text", occurred_at=TODAY)
    samples = scrape(tenants)
    extraction = {"operation": "extraction"}
    today = {"day": "today", **extraction}
    assert samples.of("loopctl_llm_tokens", direction="input", **today) == 2_000_007
    assert samples.of("loopctl_llm_tokens", direction="output", **today) == 20
    assert samples.of("loopctl_llm_requests", **today) == 3
    assert samples.of("loopctl_llm_requests", day="yesterday", **extraction) == 1
    assert samples.of("loopctl_llm_requests", day="today", operation="other") == 1
    assert samples.of("loopctl_llm_unpriced_tokens", **today) == 7
    dollars = samples.of("loopctl_llm_dollars", **today)
    yesterday = samples.of("loopctl_llm_dollars", day="yesterday", **extraction)
    assert dollars
    assert yesterday
    assert dollars == pytest.approx(2 * yesterday)


def test_operations_without_a_key_are_counted_from_the_first_of_the_month(
    tenants: Database,
) -> None:
    first = TODAY.replace(day=1)
    for slug, operation in (("acme", "embedding"), ("other", "embedding"), ("acme", "merge")):
        _block(tenants, slug, operation, first)
    _block(tenants, "acme", "embedding", first - timedelta(seconds=1))
    samples = scrape(tenants)
    assert samples.labelled("loopctl_llm_blocked_total") == {
        ("classification",): 0,
        ("embedding",): 2,
        ("extraction",): 0,
        ("merge",): 1,
    }
    assert samples.of("loopctl_embedding_skipped_no_key_total") == 2


def test_a_tenant_is_named_only_if_the_operator_says_so(tenants: Database) -> None:
    for slug in ("acme", "other"):
        add_document(tenants, slug)
        _block(tenants, slug, "embedding", TODAY)
        set_chat_key(tenants, slug)
    text = text_of(read_stored(tenants, Settings()).families()).decode()
    assert "acme" not in text
    assert str(id_of("acme")) not in text
    one = scrape(tenants, metrics_tenants=frozenset({"acme"}))
    assert one.labelled("loopctl_tenant_queue_items") == {
        ("extractions", "acme"): 1,
        ("ingestion", "acme"): 1,
    }
    assert one.of("loopctl_queue_items", queue="ingestion") == 2
    both = scrape(tenants, metrics_tenants=frozenset({"all"}))
    blocked = both.labelled("loopctl_tenant_llm_blocked_total")
    assert blocked == {("embedding", "acme"): 1, ("embedding", "other"): 1}


def test_a_slug_cannot_pose_as_another_series(database: Database) -> None:
    slug = 'a"} 1\nloopctl_up 1\r\x1b[31m'
    add_tenants(database, slug)
    add_document(database, slug)
    samples = scrape(database, metrics_tenants=frozenset({"all"}))
    assert "loopctl_up" not in samples.names
    assert samples.labelled("loopctl_tenant_queue_items")


def test_what_the_login_may_not_read_is_missing_and_the_rest_is_not(database_url: str) -> None:
    login = f"scraper_{uuid4().hex}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {login} LOGIN BYPASSRLS".encode())
        connection.execute(f"GRANT USAGE ON SCHEMA loopctl_pipelines TO {login}".encode())
        granted = "GRANT SELECT ON loopctl_pipelines.circuit_breakers TO {}"
        connection.execute(granted.format(login).encode())
    url = database_url.replace("postgres@", f"{login}@", 1)
    with closing(Database(url, "loopctl_app")) as database:
        samples = scrape(database)
    errors = samples.labelled("loopctl_scrape_error")
    assert errors == {("tenants",): 0, ("circuits",): 0} | {
        (name,): 1 for name in ("queues", "ledger", "audit")
    }
    assert samples.of("loopctl_circuits", vendor="openai", state="open") == 0
    assert not samples.labelled("loopctl_queue_items")


def test_without_the_tables_or_the_server_every_source_is_an_error(
    new_empty_database: Callable[[], AbstractContextManager[str]],
) -> None:
    with new_empty_database() as url, closing(Database(url, "loopctl_app")) as database:
        errors = scrape(database).labelled("loopctl_scrape_error")
        assert errors == {("tenants",): 0} | {(name,): 1 for name in SOURCES[1:]}
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    with closing(Database(nowhere, "loopctl_app", patience=1)) as database:
        errors = scrape(database).labelled("loopctl_scrape_error")
        assert errors == {(name,): 0 if name == "tenants" else 1 for name in SOURCES}
