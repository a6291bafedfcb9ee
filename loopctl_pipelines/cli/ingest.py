"""`loopctl-pipelines ingest`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from loopctl_pipelines.cli.extraction import extract_now
from loopctl_pipelines.cli.json_output import AsJson, print_json
from loopctl_pipelines.cli.project import Project, open_project
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.knowledge.ingestion.documents.binary import binary_kind
from loopctl_pipelines.knowledge.ingestion.documents.read_document import read_document
from loopctl_pipelines.knowledge.ingestion.errors import IngestionRefusedError, Refusal
from loopctl_pipelines.knowledge.ingestion.failures import DocumentFailure
from loopctl_pipelines.knowledge.ingestion.submission.request import (
    IngestionRequest,
    validate_request,
)
from loopctl_pipelines.knowledge.ingestion.submission.submit import (
    Submitted,
    find_project,
    submit,
)
from loopctl_pipelines.knowledge.ingestion.table_use import INGESTION_TABLES
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.selection import select_tenants
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines.terminal import Terminal
from loopctl_pipelines.terminal_text import visible

_MOST_BYTES: Final = 5_000_000
_STDIN: Final = "-"
_HTML_SUFFIXES: Final = frozenset({".html", ".htm", ".xhtml"})


def ingest(
    documents: Annotated[
        list[str], typer.Argument(metavar="FILE|URL|-", help="Text, Markdown or HTML; -: stdin.")
    ],
    tenant: Annotated[str, typer.Option(help="Slug of the tenant.")],
    project: Annotated[
        str | None, typer.Option(help="Id or slug of the project. Unset: the whole tenant.")
    ] = None,
    source_type: Annotated[
        str | None, typer.Option(help="Unset: web_article for a URL, otherwise ingestion.")
    ] = None,
    *,
    publish: Annotated[
        bool, typer.Option("--publish", help="Publish the articles at once, unreviewed.")
    ] = False,
    queue_only: Annotated[
        bool,
        typer.Option("--queue-only", help="Leave the extraction to pending_extractions_sensor."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Hand in documents, and extract articles from them at once."""
    with open_project() as opened:
        check_database(opened.database, INGESTION_TABLES)
        tenants = list_tenants(opened.database)
        [slug] = select_tenants([tenant], tenants)
        with opened.database.tenant_transaction(tenants[slug].id) as connection:
            project_id = (
                None if project is None else find_project(connection, tenants[slug].id, project)
            )
        # all are validated before one is queued
        requests = [
            validate_request(
                ports=opened.settings.fetch_ports,
                source_type=source_type,
                project_id=project_id,
                publish=publish,
                **_read(document),
            )
            for document in documents
        ]
        queued = list(_submitted(opened, tenants[slug], requests))
        _print(requests, queued, as_json=as_json)
        if not queue_only:
            extract_now(opened, tenants[slug], [one.id for one in queued], quiet=as_json)


def _submitted(
    project: Project, tenant: Tenant, requests: list[IngestionRequest]
) -> Iterator[Submitted]:
    with project.database.tenant_transaction(tenant.id) as connection:
        for request in requests:
            yield submit(connection, tenant.id, request, project.settings.cloak_key)


def _read(document: str) -> dict[str, str]:
    if document.lower().startswith(("http://", "https://")):
        return {"url": document}
    name = "stdin" if document == _STDIN else Path(document).name
    body = _bytes(document, visible(name))
    if kind := binary_kind(body):
        problem = f"{visible(name)} is {kind}: hand in text, Markdown or HTML"
        raise IngestionRefusedError(DocumentFailure.UNSUPPORTED_CONTENT, "content", problem)
    is_html = Path(document).suffix.lower() in _HTML_SUFFIXES
    read = read_document(body, "text/html" if is_html else "")
    if isinstance(read, DocumentFailure):
        problem = f"{visible(name)} is not a text, Markdown or HTML document that can be read"
        raise IngestionRefusedError(read, "content", problem)
    return {"content": read.content, "source_name": name}


def _bytes(document: str, name: str) -> bytes:
    try:
        if document == _STDIN:
            body = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with Path(document).open("rb") as file:
                body = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError):
        problem = f"{name} cannot be read: give a file, a URL or -"
        raise IngestionRefusedError(Refusal.UNREADABLE_FILE, "content", problem) from None
    if len(body) > _MOST_BYTES:
        problem = f"{name} has more than {_MOST_BYTES:,} bytes"
        raise IngestionRefusedError(DocumentFailure.TOO_LARGE, "content", problem)
    return body


def _print(requests: list[IngestionRequest], queued: list[Submitted], *, as_json: bool) -> None:
    if as_json:
        rows = [
            {
                "id": str(one.id),
                "status": one.status,
                "content_hash": one.content_hash,
                "source_type": request.source_type,
                "source_name": request.source_name,
                "inserted_at": one.inserted_at.isoformat(),
            }
            for request, one in zip(requests, queued, strict=True)
        ]
        print_json(rows)
        return
    for request, one in zip(requests, queued, strict=True):
        state = "queued" if one.status == "queued" else "already queued"
        Terminal().print(f"{visible(request.source_name or '')}: {state} as {one.id}.")
