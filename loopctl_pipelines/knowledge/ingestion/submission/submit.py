"""Queues requests in a transaction of their tenant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.ingestion.errors import IngestionRefusedError, Refusal
from loopctl_pipelines.knowledge.ingestion.submission.request import IngestionRequest
from loopctl_pipelines.llm.cloak import encrypt


@dataclass(frozen=True, slots=True)
class Submitted:
    """A queued request.

    Attributes:
        status: `already_queued` if an equal one was waiting.
        id: of the request that waits.
        content_hash: hex SHA-256 of the url or the content.
        source_type: kind of source.
        inserted_at: when it was queued, with a time zone.
    """

    status: Literal["queued", "already_queued"]
    id: UUID
    content_hash: str
    source_type: str
    inserted_at: datetime


def submit(
    connection: TenantConnection,
    tenant_id: UUID,
    request: IngestionRequest,
    cloak_key: bytes | None,
) -> Submitted:
    """Queue a request, or find the equal one that waits.

    Args:
        connection: in a transaction of the tenant.
        tenant_id: the tenant.
        request: a validated request.
        cloak_key: encrypts an address with userinfo or a query; None: there is no such key.

    Raises:
        IngestionRefusedError: if the tenant has no such project, or the address cannot be stored.
    """
    if request.project_id is not None:
        find_project(connection, tenant_id, str(request.project_id))
    parameters = {
        "tenant_id": tenant_id,
        "source_type": request.source_type,
        "project_id": request.project_id,
        "publish": request.publish,
        "url": request.address and request.address.shown,
        "encrypted_address": _encrypted(request, cloak_key),
        "content": request.content,
        "content_hash": request.content_hash,
        "text_hash": None if request.content is None else request.content_hash,
        "source_name": request.source_name,
    }
    known = (request.content_hash, request.source_type)
    while True:
        queued = {**parameters, "id": uuid4()}
        if row := connection.execute(statement(__package__, "queue_request"), queued).fetchone():
            return Submitted("queued", row[0], *known, row[1])
        if row := connection.execute(statement(__package__, "find_queued"), parameters).fetchone():
            return Submitted("already_queued", row[0], *known, row[1])
        # it was completed in between


def submit_all(
    connection: TenantConnection,
    tenant_id: UUID,
    requests: Sequence[IngestionRequest | IngestionRefusedError],
    cloak_key: bytes | None,
) -> list[Submitted | IngestionRefusedError]:
    """Queue those requests that can be; the others do not prevent it.

    Args:
        connection: in a transaction of the tenant.
        tenant_id: the tenant.
        requests: validated ones, and why others were refused.
        cloak_key: as for `submit`.

    Returns:
        What happened to each, in the same order.
    """
    outcomes: dict[int, Submitted | IngestionRefusedError] = {}
    # an equal request of another transaction is waited for: in this order, never in a circle
    for place, request in sorted(enumerate(requests), key=lambda item: _purpose(item[1])):
        outcomes[place] = _outcome(connection, tenant_id, request, cloak_key)
    return [outcomes[place] for place in range(len(requests))]


def find_project(connection: TenantConnection, tenant_id: UUID, project: str) -> UUID:
    """Return the id of the tenant's project with this id or slug.

    Raises:
        IngestionRefusedError: if the tenant has none.
    """
    given = {"tenant_id": tenant_id, "project": project}
    row = connection.execute(statement(__package__, "find_project"), given).fetchone()
    if row is None:
        problem = "The tenant has no such project"
        raise IngestionRefusedError(Refusal.UNKNOWN_PROJECT, "project_id", problem)
    found: UUID = row[0]
    return found


def _purpose(request: IngestionRequest | IngestionRefusedError) -> tuple[str, ...]:
    if isinstance(request, IngestionRefusedError):
        return ()
    project = str(request.project_id or "")
    return (request.content_hash, project, request.source_type, str(request.publish))


def _outcome(
    connection: TenantConnection,
    tenant_id: UUID,
    request: IngestionRequest | IngestionRefusedError,
    cloak_key: bytes | None,
) -> Submitted | IngestionRefusedError:
    if isinstance(request, IngestionRefusedError):
        return request
    try:
        return submit(connection, tenant_id, request, cloak_key)
    except IngestionRefusedError as refused:
        return refused


def _encrypted(request: IngestionRequest, cloak_key: bytes | None) -> bytes | None:
    if request.address is None or request.url is None or not request.address.has_secret:
        return None
    if cloak_key is None:
        problem = (
            "The url has a user, a password or a query, which is stored encrypted only: "
            "set LOOPCTL_CLOAK_KEY, or give a url without them"
        )
        raise IngestionRefusedError(Refusal.NO_CLOAK_KEY, "url", problem)
    return encrypt(request.url, cloak_key)
