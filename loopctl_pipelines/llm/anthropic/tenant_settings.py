"""A tenant's own key and models for Anthropic, from loopctl's table `tenant_llm_settings`."""

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.llm.operation import Operation

DEFAULT_MODEL: Final = "claude-haiku-4-5-20251001"
"""loopctl's, for each operation."""


@dataclass(frozen=True, slots=True)
class AnthropicSettings:
    """A tenant's own settings.

    Attributes:
        encrypted_key: as stored, see `llm.cloak`; None: it has no key.
        key_version: SHA-256 of `encrypted_key`; it changes whenever the key is set again.
        extraction_model: None: the default model.
        classification_model: likewise.
        merge_model: likewise.
    """

    encrypted_key: bytes | None = field(default=None, repr=False)
    key_version: bytes | None = field(default=None, repr=False)
    extraction_model: str | None = None
    classification_model: str | None = None
    merge_model: str | None = None

    def model(self, operation: Operation) -> str:
        """Return the tenant's model for an operation, or the default one.

        Raises:
            KeyError: for embeddings, which Anthropic does not make.
        """
        models = {
            Operation.EXTRACTION: self.extraction_model,
            Operation.CLASSIFICATION: self.classification_model,
            Operation.MERGE: self.merge_model,
        }
        return models[operation] or DEFAULT_MODEL


def read_settings(connection: TenantConnection, tenant_id: UUID) -> AnthropicSettings:
    """Return the tenant's settings; nothing is set if it never set any."""
    cursor = connection.cursor(row_factory=class_row(AnthropicSettings))
    rows = cursor.execute(statement(__package__, "read_settings"), {"tenant_id": tenant_id})
    return rows.fetchone() or AnthropicSettings()
