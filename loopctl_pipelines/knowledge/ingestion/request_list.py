"""Lists a tenant's requests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement


@dataclass(frozen=True, slots=True)
class ListedRequest:
    """A request, without its document.

    Attributes:
        id: of the request.
        state: `pending`, `done` or `failed`.
        source_type: kind of source.
        url: without userinfo, query and fragment; None: the content was handed in.
        content_hash: hex SHA-256 of the whole url or of the content.
        failure: a code: why the last attempt or the request failed.
        attempts: that have ended.
        articles: made from the document.
        inserted_at: when it was queued, with a time zone.
        completed_at: None while it is pending.
    """

    id: UUID
    state: str
    source_type: str
    url: str | None
    content_hash: str
    failure: str | None
    attempts: int
    articles: int
    inserted_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class RequestList:
    """A part of a list.

    Attributes:
        total: requests in the whole list.
        requests: of the part, the newest first.
    """

    total: int
    requests: Sequence[ListedRequest]


def list_requests(
    connection: TenantConnection, tenant_id: UUID, *, limit: int, offset: int, days: int | None
) -> RequestList:
    """Return a part of the tenant's requests, the newest first; the id breaks ties.

    Args:
        connection: in a transaction of the tenant.
        tenant_id: the tenant.
        limit: most requests in the part.
        offset: requests before it.
        days: only requests of so many days; None: all.
    """
    parameters = {"tenant_id": tenant_id, "limit": limit, "offset": offset, "days": days}
    rows = connection.execute(statement(__package__, "list_requests"), parameters).fetchall()
    found = [ListedRequest(*row) for _, *row in rows if row[0] is not None]
    return RequestList(rows[0][0], found)
