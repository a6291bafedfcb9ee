"""The extraction assets: documents, reviews and the articles made of them, by tenant."""

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    MaterializeResult,
    ResourceParam,
    asset,
)

from loopctl_pipelines.knowledge.extraction.extraction_queue import ExtractionQueue
from loopctl_pipelines.knowledge.extraction.metadata import outcome_metadata
from loopctl_pipelines.knowledge.extraction.table_use import EXTRACTION_TABLES
from loopctl_pipelines.knowledge.extraction.unknown_slugs import unknown_slugs_sentence
from loopctl_pipelines.knowledge.extraction.work.extractor import Extractor
from loopctl_pipelines.knowledge.tenant_work.operator_queries import begin_run
from loopctl_pipelines.knowledge.tenant_work.run_tenants import tenants_to_work_on
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.orchestration.provenance import provenance_tags
from loopctl_pipelines.orchestration.run_scope import active_tenants, partitions_of_run
from loopctl_pipelines.orchestration.tenant_steps import record_outcomes, without_error_text
from loopctl_pipelines.partitions import TENANTS

_GROUP = "extraction"
_OWNERS = ["team:loopctl-operators"]

review_records = AssetSpec(
    "review_records",
    description="Finished reviews of stories. loopctl owns this table.",
    group_name=_GROUP,
    owners=_OWNERS,
    kinds={"postgres"},
    metadata={"dagster/table_name": "public.review_records"},
)


def build_extracted_articles() -> AssetsDefinition:
    """Return `extracted_articles`, which may be materialized over many tenants in one run."""

    @asset(
        partitions_def=TENANTS,
        deps=["ingestion_requests", review_records],
        backfill_policy=BackfillPolicy.single_run(),
        group_name=_GROUP,
        owners=_OWNERS,
        kinds={"postgres", "anthropic"},
        code_version="1",
        metadata={"dagster/table_name": "public.articles"},
        description=(
            "Articles made of a tenant's documents and reviews, with the tenant's own key. A text "
            "is paid for once, whatever it yields. Materializing again is always safe."
        ),
    )
    def extracted_articles(
        context: AssetExecutionContext, extractor: ResourceParam[Extractor]
    ) -> MaterializeResult[None]:
        return without_error_text(lambda: _extract(context, extractor))

    return extracted_articles


def _extract(context: AssetExecutionContext, extractor: Extractor) -> MaterializeResult[None]:
    keys = partitions_of_run(context)
    tenants = active_tenants(context, extractor.database, keys, EXTRACTION_TABLES)
    if unknown := unknown_slugs_sentence(extractor.database, extractor.review_slugs):
        context.log.warning(unknown)
    tags = provenance_tags(context.instance, context.assets_def, keys, context.run.run_id)
    chosen = tenants_to_work_on(context.run.tags, tenants, ExtractionQueue(extractor))
    skipped = [tenant.id for slug, tenant in tenants.items() if slug not in chosen]
    begin_run(extractor.database, Operation.EXTRACTION, context.run.run_id, skipped)
    outcomes = extractor.extract(chosen.values(), context.run.run_id)
    return record_outcomes(context, outcomes, outcome_metadata, tags)
