"""Which documents are queued, which are refused, and what is stored."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.ingestion.errors import IngestionRefusedError
from loopctl_pipelines.knowledge.ingestion.operator_queries import (
    delete_old_content,
    forget_deleted_tenants,
)
from loopctl_pipelines.knowledge.ingestion.submission.request import validate_request
from loopctl_pipelines.knowledge.ingestion.submission.submit import Submitted, submit
from loopctl_pipelines.llm.cloak import decrypt
from loopctl_pipelines_tests.conftest import ROLE
from loopctl_pipelines_tests.database.tenant_rows import add_row
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge
from loopctl_pipelines_tests.warm_commands import processes

CLOAK_KEY = bytes(32)


@pytest.fixture
def tenant(database: Database) -> UUID:
    """One tenant, whose project has the tenant's id."""
    return _with_project(database, "globex")


def _with_project(database: Database, slug: str) -> UUID:
    tenant = Knowledge(database).tenant(slug)
    with database.operator_transaction() as connection:
        add_row(connection, "projects", tenant)
    return tenant


def _submit(
    database: Database, tenant: UUID, key: bytes | None = None, **given: object
) -> Submitted:
    request = validate_request(ports=(80, 443), **given)  # type: ignore[arg-type]
    with database.tenant_transaction(tenant) as connection:
        return submit(connection, tenant, request, key)


def _rows(database: Database, columns: str) -> list[tuple[object, ...]]:
    with database.operator_transaction() as connection:
        query = f"SELECT {columns} FROM loopctl_pipelines.ingestion_requests ORDER BY inserted_at"  # noqa: S608
        return connection.execute(query.encode()).fetchall()


def test_content_is_queued_once_for_each_purpose(database: Database, tenant: UUID) -> None:
    first = _submit(database, tenant, content="hello", source_name="a\x1b.md")
    again = _submit(database, tenant, content="hello")
    filed = _submit(database, tenant, content="hello", project_id=tenant)
    published = _submit(database, tenant, content="hello", publish=True)
    assert first.content_hash == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert (first.status, again.status, again.id) == ("queued", "already_queued", first.id)
    assert again.inserted_at == first.inserted_at
    assert [filed.status, published.status] == ["queued", "queued"]
    assert _rows(database, "source_type, source_name, state")[0] == (
        "ingestion",
        r"a\x1b.md",
        "pending",
    )


def test_a_url_is_hashed_whole_and_its_secrets_are_stored_encrypted_only(
    database: Database, tenant: UUID
) -> None:
    url = "https://me:pass@docs.example/a?token=t#part"
    plain = _submit(database, tenant, url="https://example.com/a")
    _submit(database, tenant, CLOAK_KEY, url=url)
    assert plain.content_hash == "2dce0a4c50441bfccfa9caf4b58c3cba6e06c420505dd829f0436de1aa44baac"
    [one, other] = _rows(database, "url, source_name, source_type, encrypted_address")
    assert one == ("https://example.com/a", "example.com/a", "web_article", None)
    assert other[:2] == ("https://docs.example/a", "docs.example/a")
    encrypted = other[3]
    assert isinstance(encrypted, bytes)
    secret = decrypt(encrypted, CLOAK_KEY)
    assert secret is not None
    assert secret.reveal() == url


def test_a_url_with_a_query_needs_the_cloak_key(database: Database, tenant: UUID) -> None:
    with pytest.raises(IngestionRefusedError, match="LOOPCTL_CLOAK_KEY") as refused:
        _submit(database, tenant, url="https://docs.example/?token=t")
    assert (refused.value.code, _rows(database, "id")) == ("no_cloak_key", [])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "url_or_content"),
        ({"url": "http://docs.example/", "content": "a"}, "url_or_content"),
        ({"content": 7}, "invalid_type"),
        ({"content": ["a"]}, "invalid_type"),
        ({"url": {"a": 1}}, "invalid_type"),
        ({"content": ""}, "empty_document"),
        ({"content": "a" * 1_000_001}, "too_large"),
        ({"content": "a\x00b"}, "invalid_text"),
        ({"content": "a\ud800b"}, "invalid_text"),
        ({"url": "http://docs.example/\ud800"}, "invalid_url"),
        ({"url": "http://docs.example:22/"}, "port_not_allowed"),
        ({"url": "http://[fe80::1]/"}, "address_not_allowed"),
        ({"url": "gopher://docs.example/"}, "scheme_not_allowed"),
        ({"content": "a", "source_type": "other"}, "unknown_source_type"),
        ({"content": "a", "source_type": ["ingestion"]}, "unknown_source_type"),
        ({"content": "a", "project_id": uuid4()}, "unknown_project"),
    ],
)
def test_a_request_that_cannot_be_used_is_refused_with_a_code(
    database: Database, tenant: UUID, given: dict[str, object], code: str
) -> None:
    with pytest.raises(IngestionRefusedError) as refused:
        _submit(database, tenant, None, **given)
    assert (refused.value.code, _rows(database, "id")) == (code, [])


def test_a_project_of_another_tenant_is_unknown(database: Database, tenant: UUID) -> None:
    other = _with_project(database, "initech")
    with pytest.raises(IngestionRefusedError) as refused:
        _submit(database, tenant, content="a", project_id=other)
    assert refused.value.code == "unknown_project"


def test_a_document_of_a_million_characters_is_taken(database: Database, tenant: UUID) -> None:
    assert _submit(database, tenant, content="a" * 1_000_000).status == "queued"


def _submit_elsewhere(url: str, tenant: UUID, go: Callable[[], object]) -> str:
    database = Database(url, ROLE)
    try:
        go()
        return _submit(database, tenant, content="hello").status
    finally:
        database.close()


def _process(url: str, tenant: UUID, barrier, results) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    results.put(_submit_elsewhere(url, tenant, barrier.wait))


def test_the_same_document_from_two_processes_at_once_is_queued_once(
    database_url: str, database: Database, tenant: UUID
) -> None:
    barrier, results = processes.Barrier(2), processes.Queue()
    both = [
        processes.Process(target=_process, args=(database_url, tenant, barrier, results))
        for _ in range(2)
    ]
    for process in both:
        process.start()
    assert sorted(results.get(timeout=120) for _ in both) == ["already_queued", "queued"]
    for process in both:
        process.join()
    assert len(_rows(database, "id")) == 1


def test_content_is_deleted_when_it_was_kept_long_enough_and_the_request_stays(
    database: Database, tenant: UUID
) -> None:
    for content in ("waiting", "old", "young"):
        _submit(database, tenant, content=content)
    complete = (
        "UPDATE loopctl_pipelines.ingestion_requests SET state = 'done',"
        " completed_at = now() - make_interval(days => %s) WHERE content = %s"
    )
    with database.operator_transaction() as connection:
        connection.execute(complete, [31, "old"])
        connection.execute(complete, [29, "young"])
    assert delete_old_content(database, 30) == 1
    assert _rows(database, "content") == [("waiting",), (None,), ("young",)]


def test_the_requests_of_a_deleted_tenant_are_removed(database: Database, tenant: UUID) -> None:
    other = Knowledge(database).tenant("initech")
    _submit(database, tenant, content="a")
    _submit(database, other, content="b")
    with database.operator_transaction() as connection:
        connection.execute("DELETE FROM tenants WHERE id = %s", [tenant])
    forget_deleted_tenants(database)
    assert _rows(database, "tenant_id") == [(other,)]
