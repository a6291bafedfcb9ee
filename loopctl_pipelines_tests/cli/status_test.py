"""`status` says what is pending, what waits until when, and why."""

import json

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.knowledge.extraction.documents import Documents, extractor
from loopctl_pipelines_tests.llm import failing_provider as faults
from loopctl_pipelines_tests.llm.failing_provider import FailingProvider
from loopctl_pipelines_tests.shell import Shell


def test_pending_waiting_and_paused_work_is_shown_with_its_reason(
    shell: Shell, database: Database
) -> None:
    documents = Documents(database)
    for slug in ("acme", "globex"):
        documents.tenant(slug)
        documents.document(slug)
    documents.article("acme", "Published")
    with (
        FailingProvider(faults.refusal(500)) as server,
        extractor(database, server.address) as extract,
    ):
        documents.run(extract, "acme")
    with (
        FailingProvider(faults.refusal(401)) as server,
        extractor(database, server.address) as extract,
    ):
        documents.run(extract, "globex")
    code, out, err = shell.run("status", "--json")
    assert (code, err) == (0, "")
    rows = {(row["tenant"], row["operation"]): row for row in json.loads(out)}
    assert rows["acme", "embedding"]["pending"] == 1
    acme, globex = rows["acme", "extraction"], rows["globex", "extraction"]
    assert (acme["pending"], acme["waiting"]) == (0, 1)
    assert acme["reasons"] == ["api_error status=500"]
    assert (globex["pending"], globex["reasons"]) == (1, ["api_error status=401"])
    assert acme["until"]
    assert globex["until"]
    assert {row["circuit"] for row in rows.values()} == {"closed"}
    code, out, _ = shell.run("status", "--tenant", "globex")
    assert code == 0
    assert "globex" in out
    assert "acme" not in out
    assert "extraction" in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_tenant_without_work_is_not_listed(shell: Shell, database: Database) -> None:
    Documents(database).tenant("acme")
    assert shell.run("status") == (0, "Nothing is pending, and nothing waits.\n", "")
    listed = shell.with_settings(LOOPCTL_EXTRACT_REVIEWS="acme,acne")
    code, out, err = listed.run("status", "--json")
    assert code == 0
    assert [row["pending"] for row in json.loads(out)] == [0, 0]
    assert "LOOPCTL_EXTRACT_REVIEWS names no active tenant: 'acne'." in err
