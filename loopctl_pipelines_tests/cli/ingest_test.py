"""`ingest` queues files and URLs, and says which it does not take."""

import json
import re
from base64 import b64encode
from pathlib import Path

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge
from loopctl_pipelines_tests.knowledge.extraction.answers import answering, titled_by_first_line
from loopctl_pipelines_tests.knowledge.extraction.documents import CLOAK_KEY, Documents
from loopctl_pipelines_tests.shell import Shell


@pytest.fixture
def tenant(database: Database) -> str:
    """One tenant's slug."""
    Knowledge(database).tenant("globex")
    return "globex"


def test_files_and_urls_are_queued_and_a_page_as_markdown(
    shell: Shell, database: Database, tenant: str, tmp_path: Path
) -> None:
    page, hostile = tmp_path / "page.html", tmp_path / "a\x1b[2J.md"
    page.write_text("<h1>Title</h1>")
    hostile.write_text("text")
    given = (
        "ingest",
        str(page),
        str(hostile),
        "https://docs.example/a",
        "--tenant",
        tenant,
        "--queue-only",
    )
    code, out, err = shell.run(*given)
    assert (code, err) == (0, "")
    assert "page.html: queued as " in out
    assert r"a\x1b[2J.md: queued as " in out
    assert "docs.example/a: queued as " in out
    code, out, _ = shell.run(*given, "--json")
    assert [row["status"] for row in json.loads(out)] == ["already_queued"] * 3
    with database.operator_transaction() as connection:
        rows = connection.execute(
            "SELECT content, url FROM loopctl_pipelines.ingestion_requests ORDER BY source_name"
        ).fetchall()
    assert sorted(rows, key=str) == [
        ("# Title\n", None),
        ("text", None),
        (None, "https://docs.example/a"),
    ]


def test_one_document_that_is_refused_leaves_all_of_them_unqueued(
    shell: Shell, database: Database, tenant: str, tmp_path: Path
) -> None:
    good, binary = tmp_path / "good.md", tmp_path / "chart.png"
    good.write_text("text")
    binary.write_bytes(b"\x89PNG\r\n\x1a\n\x00")
    code, out, err = shell.run("ingest", str(good), str(binary), "--tenant", tenant)
    assert (code, out) == (1, "")
    sentence = "chart.png is a PNG image: hand in text, Markdown or HTML (unsupported_content)"
    assert sentence in " ".join(err.split())
    assert "Traceback" not in err
    with database.operator_transaction() as connection:
        assert connection.execute("SELECT FROM loopctl_pipelines.ingestion_requests").rowcount == 0


def test_a_missing_file_and_an_unknown_project_are_sentences(
    shell: Shell, tenant: str, tmp_path: Path
) -> None:
    code, _, err = shell.run("ingest", str(tmp_path / "none.md"), "--tenant", tenant)
    assert (code, "none.md cannot be read" in err) == (1, True)
    code, _, err = shell.run("ingest", "-", "--tenant", tenant, "--project", "none")
    assert (code, "unknown_project" in err) == (1, True)


def test_a_document_is_extracted_at_once_and_what_came_out_is_said(
    shell: Shell, database: Database, tmp_path: Path
) -> None:
    documents = Documents(database)
    documents.tenant("acme")
    notes = tmp_path / "notes.md"
    notes.write_text("# A finding\ntext")
    with answering(titled_by_first_line) as (server, _):
        shell = shell.with_settings(
            LOOPCTL_ANTHROPIC_BASE_URL=server.base_url,
            LOOPCTL_CLOAK_KEY=b64encode(CLOAK_KEY).decode(),
        )
        code, out, err = shell.run("ingest", str(notes), "--tenant", "acme")
        assert (code, err) == (0, "")
        assert "notes.md: queued as " in out
        assert "notes.md: done; articles: 1." in out
        assert "Documents: landed 1, failed 0, waiting 0, new articles 1" in out
        assert re.search(r"Runs: \w{8}; tag loopctl/command=ingest-\w{8}\n", out)
        assert re.search(r"Billed: [\d,]+ input and \d+ output tokens; dollars", out)
        assert "dollars by list price: 0.00" in " ".join(out.split())
        code, out, err = shell.run("ingest", str(notes), "--tenant", "acme", "--json")
        assert [row["status"] for row in json.loads(out)] == ["queued"]
        assert "notes.md: done; articles: 1." in err
        assert "Billed: nothing." in err
        assert server.requests == 1
    assert documents.titles("acme") == ["A finding"]
