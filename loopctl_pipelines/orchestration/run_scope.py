"""Which partitions and tenants a run is for."""

from collections.abc import Collection, Mapping, Sequence

from dagster import AssetExecutionContext, Failure, partition_loading_context

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.database.retries import outlast_outage
from loopctl_pipelines.database.table_use import TableUse
from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.orchestration.partition_reasons import FAILED, SKIPPED, record_reasons
from loopctl_pipelines.partitions import range_of_tags
from loopctl_pipelines.tenants.errors import InactiveTenantError, UnknownTenantError
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.tenant import Tenant


def partitions_of_run(context: AssetExecutionContext) -> Sequence[str]:
    """Return the keys of the partitions that the run is for.

    A range that was launched on a job's page (Dagster 1.13) is a run with the tags of one partition
    beside those of the range. `context.partition_keys` is that one: the run would be green after 1
    of 30.
    """
    wanted = range_of_tags(context.run.tags)
    definition = context.assets_def.partitions_def
    if wanted is None or definition is None:
        return [str(key) for key in context.partition_keys]
    with partition_loading_context(dynamic_partitions_store=context.instance):
        return [str(key) for key in definition.get_partition_keys_in_range(wanted)]


def all_tenants(database: Database, tables: TableUse) -> dict[str, Tenant]:
    """Check that the database is fit for these tables, and return every tenant by slug.

    An outage of the database is waited for.

    Raises:
        Failure: if it is not fit, or stays away.
    """

    def read() -> dict[str, Tenant]:
        check_database(database, tables)
        return list_tenants(database)

    try:
        return outlast_outage(read)
    except PipelinesError as error:
        raise Failure(str(error), allow_retries=False) from None


def active_tenants(
    context: AssetExecutionContext,
    database: Database,
    slugs: Collection[str],
    tables: TableUse,
) -> dict[str, Tenant]:
    """Return the active tenants among `slugs`, by slug; log and skip the others.

    The page of each partition that is skipped says why.

    Args:
        context: the step's.
        database: where the tenants are.
        slugs: the tenants that the run is for.
        tables: the tables that it reads and writes.

    Raises:
        Failure: if none is active, or the database is not fit.
    """
    try:
        tenants = all_tenants(database, tables)
    except Failure as failure:
        _record(context, dict.fromkeys(slugs, failure.description or ""), FAILED)
        raise
    skipped = {
        slug: str(reason)
        for slug in dict.fromkeys(slugs)
        if (reason := _reason_to_skip(slug, tenants.get(slug)))
    }
    active = {slug: tenants[slug] for slug in dict.fromkeys(slugs) if slug not in skipped}
    for sentence in skipped.values():
        context.log.warning(sentence)
    _record(context, skipped, SKIPPED if active else FAILED)
    if not active:
        raise Failure(" ".join(skipped.values()), allow_retries=False)
    return active


def _reason_to_skip(slug: str, tenant: Tenant | None) -> PipelinesError | None:
    if tenant is None:
        return UnknownTenantError(slug)
    return None if tenant.is_active else InactiveTenantError(slug, tenant.status)


def _record(context: AssetExecutionContext, reasons: Mapping[str, str], what: str) -> None:
    """Record the reasons of tenants for their partitions; an asset may have no partitions."""
    if not reasons or context.assets_def.partitions_def is None:
        return
    slug_of = {key: key.rpartition("|")[2] for key in partitions_of_run(context)}
    found = [(key, reasons[slug]) for key, slug in slug_of.items() if slug in reasons]
    record_reasons(context, found, what=what)
