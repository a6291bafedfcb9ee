"""The ledger of billed requests, loopctl's table `llm_usage_events`.

Best effort: an answer that is paid for is used even if the ledger cannot be written.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.llm.sanitizer import log_tag

LEDGER_LOCK_SECONDS: Final = 1.0
"""How long a transaction that writes the ledger should wait for a lock.

Each row refers to its tenant's row, which loopctl may keep locked for any length of time."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """One billed request.

    Attributes:
        id: of the row; writing the same id again changes nothing.
        operation: what the request was for.
        model: the vendor's name of the model.
        input_tokens: tokens billed for the request; 0 if the answer does not say.
        output_tokens: tokens billed for the answer.
        source_type: what kind of thing was sent, such as "article".
        article_id: the article, if the request was about a single one.
    """

    id: UUID
    operation: Operation
    model: str
    input_tokens: int
    output_tokens: int = 0
    source_type: str | None = None
    article_id: UUID | None = None


def record_usage(connection: TenantConnection, tenant_id: UUID, event: UsageEvent) -> None:
    """Add a billed request to the tenant's ledger, unless it is already there.

    Raises:
        psycopg.Error: if the statement fails; the transaction must then be rolled back.
    """
    connection.execute(
        statement(__package__, "record_usage"),
        {
            "id": event.id,
            "tenant_id": tenant_id,
            "operation": event.operation.value,
            "model": event.model,
            "input_tokens": event.input_tokens,
            "output_tokens": event.output_tokens,
            "source_type": event.source_type,
            "article_id": event.article_id,
        },
    )


@contextmanager
def best_effort() -> Iterator[None]:
    """Log an error of the block, which writes the ledger, instead of raising it."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer is worth more
        _logger.warning("A billed request is missing in the ledger: %s", log_tag(error))
