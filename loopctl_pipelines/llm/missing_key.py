"""A tenant without a key: its work is skipped, which a warning and an audit row say."""

import logging
from typing import Final
from uuid import UUID

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.llm.operation import Operation

_CREDENTIALS: Final = {Operation.EMBEDDING: "embedding"}

_logger = logging.getLogger(__name__)


def warn_of_missing_key(slug: str, operation: Operation) -> None:
    """Log which credential the tenant lacks."""
    credential = _CREDENTIALS.get(operation, "Anthropic")
    _logger.warning(
        "Tenant %r: no %s API key configured; %s is skipped.", slug, credential, operation.value
    )


def audit_missing_key(connection: TenantConnection, tenant_id: UUID, operation: Operation) -> None:
    """Audit `llm.blocked_no_api_key`, at most once a UTC day and operation."""
    parameters = {"tenant_id": tenant_id, "operation": operation.value}
    connection.execute(statement(__package__, "audit_missing_key"), parameters)
