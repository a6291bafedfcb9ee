"""A tenant without a key: a warning that names the credential, an audit row a day and operation."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.missing_key import audit_missing_key, warn_of_missing_key
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge
from loopctl_pipelines_tests.usage import id_of

ACME, GLOBEX = id_of("acme"), id_of("globex")
AUDITED = (
    "SELECT entity_type, entity_id, action, actor_type, actor_id, actor_label, new_state"
    " FROM audit_log ORDER BY new_state::text"
)


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    knowledge = Knowledge(database)
    for slug in ("acme", "globex"):
        knowledge.tenant(slug)
    return knowledge


def audit(knowledge: Knowledge, slug: str, *operations: Operation) -> None:
    for operation in operations:
        with knowledge.database.tenant_transaction(id_of(slug)) as connection:
            audit_missing_key(connection, id_of(slug), operation)


def operations(knowledge: Knowledge, slug: str) -> list[str]:
    return [row[-1]["operation"] for row in knowledge.rows(slug, AUDITED)]


def test_the_audit_row_is_loopctl_s(knowledge: Knowledge) -> None:
    audit(knowledge, "acme", Operation.MERGE)
    assert knowledge.rows("acme", AUDITED) == [
        (
            "llm_config",
            ACME,
            "llm.blocked_no_api_key",
            "system",
            None,
            "llm",
            {"operation": "merge"},
        )
    ]


def test_the_audit_row_has_the_time_at_which_the_key_was_missing(knowledge: Knowledge) -> None:
    with knowledge.database.tenant_transaction(ACME) as connection:
        audit_missing_key(connection, ACME, Operation.MERGE)
        query = "SELECT inserted_at = now() AT TIME ZONE 'UTC' FROM audit_log"
        assert connection.execute(query).fetchall() == [(True,)]


def test_a_day_has_one_row_for_each_operation_and_tenant(knowledge: Knowledge) -> None:
    for _ in range(3):
        audit(knowledge, "acme", Operation.EXTRACTION, Operation.CLASSIFICATION)
    audit(knowledge, "globex", Operation.EXTRACTION)
    assert operations(knowledge, "acme") == ["classification", "extraction"]
    assert operations(knowledge, "globex") == ["extraction"]


def test_many_runs_at_once_leave_one_row(knowledge: Knowledge) -> None:
    with ThreadPoolExecutor(4) as threads:
        for future in [threads.submit(audit, knowledge, "acme", Operation.MERGE) for _ in range(8)]:
            future.result()
    assert operations(knowledge, "acme") == ["merge"]


def test_the_next_day_has_its_own_row(knowledge: Knowledge) -> None:
    audit(knowledge, "acme", Operation.MERGE)
    with knowledge.database.operator_transaction() as connection:
        connection.execute(
            "UPDATE loopctl_pipelines.tenant_operations"
            " SET missing_key_audited_on = missing_key_audited_on - 1"
        )
    audit(knowledge, "acme", Operation.MERGE)
    assert operations(knowledge, "acme") == ["merge", "merge"]


def test_a_role_that_may_only_append_to_the_log_can_audit(knowledge: Knowledge) -> None:
    with knowledge.database.operator_transaction() as connection:
        connection.execute("REVOKE SELECT, UPDATE, DELETE ON audit_log FROM loopctl_app")
    audit(knowledge, "acme", Operation.MERGE, Operation.MERGE)
    with knowledge.database.operator_transaction() as connection:
        connection.execute("GRANT SELECT ON audit_log TO loopctl_app")
    assert operations(knowledge, "acme") == ["merge"]


@pytest.mark.parametrize(
    ("operation", "credential"),
    [
        (Operation.EMBEDDING, "embedding"),
        (Operation.EXTRACTION, "Anthropic"),
        (Operation.CLASSIFICATION, "Anthropic"),
        (Operation.MERGE, "Anthropic"),
    ],
)
def test_the_warning_names_the_credential(
    operation: Operation, credential: str, caplog: pytest.LogCaptureFixture
) -> None:
    warn_of_missing_key("acme", operation)
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        f"Tenant 'acme': no {credential} API key configured; {operation.value} is skipped."
    )
