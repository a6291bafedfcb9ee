"""Pauses of an operation for a whole tenant."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.operation import Operation


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a tenant is paused, and for how long.

    Attributes:
        failure: a failure's tag.
        delay: how long.
        consecutive: how many pauses in a row the provider has asked for, without accepting a
            request in between.
    """

    failure: str
    delay: timedelta
    consecutive: int = 0


def pause_without_key() -> Pause:
    """Return the pause of a tenant without a key: until the next UTC day, or until it has one."""
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    return Pause(ProviderFailure(FailureKind.NO_API_KEY).log_tag, midnight - now)


def pause_tenant(
    connection: TenantConnection,
    tenant_id: UUID,
    operation: Operation,
    pause: Pause,
    key_version: bytes | None,
) -> None:
    """Pause the operation for some time, or until the tenant's key changes.

    Raises:
        psycopg.Error: if the statement fails.
    """
    parameters = {
        "tenant_id": tenant_id,
        "operation": operation.value,
        "failure": pause.failure,
        "delay": pause.delay,
        "consecutive": pause.consecutive,
        "key_version": key_version,
    }
    connection.execute(statement(__package__, "pause_tenant"), parameters)


def end_pauses(connection: TenantConnection, tenant_id: UUID, operation: Operation) -> None:
    """End the pauses: the provider accepted a request, so the next pause is the first in a row.

    Raises:
        psycopg.Error: if the statement fails.
    """
    parameters = {"tenant_id": tenant_id, "operation": operation.value}
    connection.execute(statement(__package__, "end_pauses"), parameters)
