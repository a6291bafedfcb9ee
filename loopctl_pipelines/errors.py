"""Base classes of every expected error. Each domain keeps its own errors in its `errors.py`.

A message says what happened, to which tenant and day, and what to do. It never repeats text from a
provider or from a tenant's rows: Dagster stores messages for good.

    PipelinesError
    |-- SettingsError                 here: a LOOPCTL_* setting is invalid
    |-- SelectionError                here: a tenant or a day cannot be selected
    |   |-- ...                       tenants.errors, costs.errors
    |-- DatabaseNotUsableError, ...   database.errors
    |-- TenantWorkError, ...          costs.errors: one tenant's work failed and was rolled back
    |-- EmbeddingError, ...           knowledge.embedding.errors: articles stay unembedded
    |-- ExtractionError               knowledge.extraction.errors: documents wait for articles
    |-- ClaimLostError                knowledge.tenant_work.claim: another run has the tenant
    |-- IngestionRefusedError         knowledge.ingestion.errors: a document is not taken
    |-- LinkingError                  knowledge.linking.errors: a tenant's links stay as they were
    |-- ProviderError                 llm.failures: an LLM vendor gave no usable answer
    |-- RequestRefusedError, ...      api.errors
    |-- UiAlreadyOpenError            orchestration.errors
    |-- UsageFileError                loading.errors: quotes a cell, and is only printed
    `-- DemoRefusedError              demo.errors
"""


class PipelinesError(Exception):
    """Base of all expected errors; the command line prints a sentence, without a traceback."""


class SettingsError(PipelinesError):
    """A setting cannot be used. The message names it."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} {problem}")
        self.name = name


class SelectionError(PipelinesError):
    """A tenant or a day that cannot be selected."""
