"""Reads what is pending for a tenant, until when it waits, and why."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.embedding.storage.queries import read_status
from loopctl_pipelines.llm.operation import Operation


@dataclass(frozen=True, slots=True)
class WorkStatus:
    """One operation of one tenant.

    Attributes:
        operation: embedding or extraction.
        pending: articles, or documents and reviews, that a run works on next.
        waiting: that are tried again later.
        set_aside: that are not tried again unless something changes.
        until: end of the pause, or when the next one that waits is due; None: nothing waits.
        reasons: tags of failures and of the pause; empty: there are none.
    """

    operation: Operation
    pending: int = 0
    waiting: int = 0
    set_aside: int = 0
    until: datetime | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Pause:
    pause: str | None = None
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Failures:
    next_attempt_at: datetime | None = None
    failures: str | None = None


@dataclass(frozen=True, slots=True)
class _Sources:
    pending: int
    waiting: int
    set_aside: int
    next_attempt_at: datetime | None
    failures: str | None


def work_status(connection: TenantConnection, tenant_id: UUID) -> tuple[WorkStatus, WorkStatus]:
    """Return the status of a tenant's embedding and extraction.

    Raises:
        psycopg.Error: if a statement fails.
    """
    return _embedding(connection, tenant_id), _extraction(connection, tenant_id)


def _embedding(connection: TenantConnection, tenant_id: UUID) -> WorkStatus:
    status = read_status(connection, tenant_id)
    cursor = connection.cursor(row_factory=class_row(_Failures))
    parameters = {"tenant_id": tenant_id}
    rows = cursor.execute(statement(__package__, "embedding_failures"), parameters)
    failures = rows.fetchone() or _Failures()
    set_aside = status.set_aside + status.rejected
    return _status(
        Operation.EMBEDDING,
        (status.published - status.embedded - status.waiting - set_aside, status.waiting),
        set_aside,
        failures,
        _pause(connection, tenant_id, Operation.EMBEDDING),
    )


def _extraction(connection: TenantConnection, tenant_id: UUID) -> WorkStatus:
    cursor = connection.cursor(row_factory=class_row(_Sources))
    rows = cursor.execute(statement(__package__, "extraction_status"), {"tenant_id": tenant_id})
    [sources] = rows.fetchall()
    return _status(
        Operation.EXTRACTION,
        (sources.pending, sources.waiting),
        sources.set_aside,
        _Failures(sources.next_attempt_at, sources.failures),
        _pause(connection, tenant_id, Operation.EXTRACTION),
    )


def _pause(connection: TenantConnection, tenant_id: UUID, operation: Operation) -> _Pause:
    cursor = connection.cursor(row_factory=class_row(_Pause))
    parameters = {"tenant_id": tenant_id, "operation": operation.value}
    rows = cursor.execute(statement(__package__, "operation_pause"), parameters)
    return rows.fetchone() or _Pause()


def _status(
    operation: Operation,
    pending_and_waiting: tuple[int, int],
    set_aside: int,
    failures: _Failures,
    pause: _Pause,
) -> WorkStatus:
    pending, waiting = pending_and_waiting
    tags = [*(failures.failures or "").split(", "), pause.pause or ""]
    return WorkStatus(
        operation,
        max(0, pending),
        waiting,
        set_aside,
        pause.paused_until or failures.next_attempt_at,
        tuple(dict.fromkeys(tag for tag in tags if tag)),
    )
