"""The asset `article_links`: links between articles that are alike, one partition per tenant."""

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    BackfillPolicy,
    MaterializeResult,
    ResourceParam,
    asset,
)

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.linking.linker import Linker
from loopctl_pipelines.knowledge.linking.links import LinkRule
from loopctl_pipelines.knowledge.linking.metadata import LINK_COLUMNS, linked_metadata
from loopctl_pipelines.knowledge.linking.operator_queries import forget_deleted_tenants
from loopctl_pipelines.knowledge.linking.table_use import LINKING_TABLES
from loopctl_pipelines.knowledge.proposals.operator_queries import (
    forget_deleted_tenants as forget_proposals,
)
from loopctl_pipelines.knowledge.proposals.verdict import GateThresholds
from loopctl_pipelines.orchestration.landed_inputs import follow_landed
from loopctl_pipelines.orchestration.provenance import provenance_tags
from loopctl_pipelines.orchestration.run_scope import active_tenants, partitions_of_run
from loopctl_pipelines.orchestration.tenant_steps import record_outcomes, without_error_text
from loopctl_pipelines.partitions import TENANTS


def build_article_links(rule: LinkRule) -> AssetsDefinition:
    """Return `article_links`, which may be materialized over many tenants in one run."""

    @asset(
        partitions_def=TENANTS,
        deps=[AssetKey("article_embeddings")],
        backfill_policy=BackfillPolicy.single_run(),
        automation_condition=follow_landed("follow the embeddings that landed"),
        group_name="links",
        owners=["team:loopctl-operators"],
        kinds={"postgres"},
        code_version="1",
        metadata={
            "dagster/table_name": "public.article_links",
            "dagster/column_schema": LINK_COLUMNS,
        },
        description=(
            f"Links of each article to the {rule.neighbours} that are most like it, of its project "
            "and the whole tenant. Only articles with another vector than before are searched; "
            "links that people made are never changed. Articles that passed the gate unchecked are "
            "compared again; what is not new becomes a draft. Materializing again is always safe."
        ),
    )
    def article_links(
        context: AssetExecutionContext,
        database: ResourceParam[Database],
        gate_thresholds: ResourceParam[GateThresholds],
    ) -> MaterializeResult[None]:
        linker = Linker(database, rule, gate_thresholds)
        return without_error_text(lambda: _link(context, database, linker))

    return article_links


def _link(
    context: AssetExecutionContext, database: Database, linker: Linker
) -> MaterializeResult[None]:
    keys = partitions_of_run(context)
    tenants = active_tenants(context, database, keys, LINKING_TABLES)
    tags = provenance_tags(context.instance, context.assets_def, keys, context.run.run_id)
    forget_deleted_tenants(database)
    forget_proposals(database)
    return record_outcomes(context, linker.link(tenants.values()), linked_metadata, tags)
