"""`/api/v1/knowledge/ingest`: takes documents for extraction, and lists what was taken.

Nothing is fetched here: an address is resolved and checked when its document is fetched.
"""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from loopctl_pipelines.api.access.authentication import OrchestratorCaller, TenantCaller
from loopctl_pipelines.api.access.knowledge_base import KNOWLEDGE_BASE
from loopctl_pipelines.api.errors import RequestRefusedError, documented
from loopctl_pipelines.api.ingestion_bodies import (
    MOST_BYTES,
    BatchBody,
    BatchOutcome,
    IngestBody,
    QueuedDocumentBody,
    queued_document,
    refusal_of,
    refused_document,
    request_of,
)
from loopctl_pipelines.api.query_values import NoQuery
from loopctl_pipelines.api.request_bodies import json_body, read_body, read_json
from loopctl_pipelines.api.service import service_of
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.ingestion.errors import IngestionRefusedError
from loopctl_pipelines.knowledge.ingestion.submission.chat_key import has_chat_key
from loopctl_pipelines.knowledge.ingestion.submission.request import IngestionRequest
from loopctl_pipelines.knowledge.ingestion.submission.submit import Submitted, submit_all

router = APIRouter(
    prefix="/api/v1/knowledge/ingest", tags=["Ingestion"], dependencies=[KNOWLEDGE_BASE]
)

_ERRORS: Final = (400, 401, 403, 404, 413, 415, 422, 429, 503)
_EXAMPLE: Final = {"url": "https://example.org/a", "source_type": "web_article", "publish": False}


def _no_key() -> RequestRefusedError:
    message = (
        "The tenant has no API key for Anthropic, so nothing can be extracted. "
        "Set api_key with PATCH /api/v1/tenants/me/llm-config"
    )
    return RequestRefusedError(422, message, code="no_api_key")


Requests = Sequence[IngestionRequest | IngestionRefusedError]
Outcomes = list[Submitted | IngestionRefusedError]


@router.post(
    "",
    operation_id="ingest_document",
    summary="Hand in a document",
    status_code=202,
    response_model=QueuedDocumentBody,
    responses={
        200: {"model": QueuedDocumentBody, "description": "An equal request waits already."},
        **documented(_ERRORS, _no_key()),
    },
    openapi_extra=json_body(IngestBody, _EXAMPLE),
)
async def ingest(
    request: Request, caller: OrchestratorCaller, _: Annotated[NoQuery, Query()]
) -> JSONResponse:
    """Queue a document, from which articles are extracted later. Role: orchestrator.

    A document waits once for each project, source type and `publish`. A tenant without an API key
    for Anthropic gets 422 with the code `no_api_key`.
    """
    await _require_key(request, caller)
    value = await read_json(request, MOST_BYTES)
    try:
        document = request_of(value, service_of(request).settings.fetch_ports)
    except IngestionRefusedError as error:
        raise refusal_of(error) from None
    [outcome] = await _submitted(request, caller, [document])
    if isinstance(outcome, IngestionRefusedError):
        raise refusal_of(outcome)
    body = QueuedDocumentBody(data=queued_document(outcome))
    return _answer(202 if outcome.status == "queued" else 200, body)


@router.post(
    "/batch",
    operation_id="ingest_documents",
    summary="Hand in up to 50 documents",
    response_model=BatchOutcome,
    responses=documented(_ERRORS, _no_key()),
    openapi_extra=json_body(BatchBody, {"items": [_EXAMPLE]}),
)
async def ingest_batch(
    request: Request, caller: OrchestratorCaller, _: Annotated[NoQuery, Query()]
) -> JSONResponse:
    """Queue those that can be; each has an outcome of its own. Role: orchestrator.

    A tenant without an API key for Anthropic gets 422 with the code `no_api_key`.
    """
    await _require_key(request, caller)
    items = (await read_body(request, BatchBody, MOST_BYTES)).items
    ports = service_of(request).settings.fetch_ports
    documents = [_request_or_refusal(item, ports) for item in items]
    outcomes = await _submitted(request, caller, documents)
    shown = [
        queued_document(outcome) if isinstance(outcome, Submitted) else refused_document(outcome)
        for outcome in outcomes
    ]
    return _answer(200, BatchOutcome(data=shown))


async def _require_key(request: Request, caller: TenantCaller) -> None:
    service = service_of(request)
    cloak_key = service.settings.cloak_key
    work = partial(_has_key, tenant_id=caller.tenant_id, cloak_key=cloak_key)
    if not await service.threads.run(work):
        raise _no_key()


async def _submitted(request: Request, caller: TenantCaller, documents: Requests) -> Outcomes:
    service = service_of(request)
    return await service.threads.run(
        partial(
            _submit,
            tenant_id=caller.tenant_id,
            documents=documents,
            cloak_key=service.settings.cloak_key,
        )
    )


def _request_or_refusal(
    item: object, ports: tuple[int, ...]
) -> IngestionRequest | IngestionRefusedError:
    try:
        return request_of(item, ports)
    except IngestionRefusedError as error:
        return error


def _has_key(database: Database, tenant_id: UUID, cloak_key: bytes | None) -> bool:
    with database.tenant_transaction(tenant_id) as connection:
        return has_chat_key(connection, tenant_id, cloak_key)


def _submit(
    database: Database, tenant_id: UUID, documents: Requests, cloak_key: bytes | None
) -> Outcomes:
    with database.tenant_transaction(tenant_id) as connection:
        return submit_all(connection, tenant_id, documents, cloak_key)


def _answer(status: int, body: BaseModel) -> JSONResponse:
    return JSONResponse(body.model_dump(mode="json", exclude_none=True), status)
