"""The embedding assets: articles and their vectors, one partition per tenant."""

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    MaterializeResult,
    ResourceParam,
    asset,
)

from loopctl_pipelines.knowledge.embedding.columns import ARTICLE_COLUMNS, EMBEDDING_COLUMNS
from loopctl_pipelines.knowledge.embedding.embedding_queue import EmbeddingQueue
from loopctl_pipelines.knowledge.embedding.metadata import outcome_metadata
from loopctl_pipelines.knowledge.embedding.table_use import EMBEDDING_TABLES
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.knowledge.tenant_work.operator_queries import begin_run
from loopctl_pipelines.knowledge.tenant_work.run_tenants import tenants_to_work_on
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.orchestration.provenance import provenance_tags
from loopctl_pipelines.orchestration.run_scope import active_tenants, partitions_of_run
from loopctl_pipelines.orchestration.tenant_steps import record_outcomes, without_error_text
from loopctl_pipelines.partitions import TENANTS

_GROUP = "embeddings"
_OWNERS = ["team:loopctl-operators"]

articles = AssetSpec(
    "articles",
    deps=["extracted_articles"],
    description="The knowledge that tenants write. loopctl owns this table.",
    group_name=_GROUP,
    owners=_OWNERS,
    kinds={"postgres"},
    metadata={"dagster/table_name": "public.articles", "dagster/column_schema": ARTICLE_COLUMNS},
)


def build_article_embeddings() -> AssetsDefinition:
    """Return `article_embeddings`, which may be materialized over many tenants in one run."""

    @asset(
        partitions_def=TENANTS,
        deps=[articles],
        backfill_policy=BackfillPolicy.single_run(),
        group_name=_GROUP,
        owners=_OWNERS,
        kinds={"postgres", "openai"},
        code_version="1",
        metadata={
            "dagster/table_name": "public.articles",
            "dagster/column_schema": EMBEDDING_COLUMNS,
        },
        description=(
            "Vectors of a tenant's published articles, made with the tenant's own key. A text is "
            "paid for once: an article that has the vector of its text is not sent again, "
            "whatever else was edited. Materializing again is always safe."
        ),
    )
    def article_embeddings(
        context: AssetExecutionContext, embedder: ResourceParam[Embedder]
    ) -> MaterializeResult[None]:
        return without_error_text(lambda: _embed(context, embedder))

    return article_embeddings


def _embed(context: AssetExecutionContext, embedder: Embedder) -> MaterializeResult[None]:
    keys = partitions_of_run(context)
    tenants = active_tenants(context, embedder.database, keys, EMBEDDING_TABLES)
    tags = provenance_tags(context.instance, context.assets_def, keys, context.run.run_id)
    chosen = tenants_to_work_on(context.run.tags, tenants, EmbeddingQueue(embedder))
    skipped = [tenant.id for slug, tenant in tenants.items() if slug not in chosen]
    begin_run(embedder.database, Operation.EMBEDDING, context.run.run_id, skipped)
    outcomes = embedder.embed(chosen.values(), context.run.run_id)
    return record_outcomes(context, outcomes, outcome_metadata, tags)
