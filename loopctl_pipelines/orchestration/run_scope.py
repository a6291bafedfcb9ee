"""Which partitions and tenants a run is for."""

from collections.abc import Collection, Sequence

from dagster import AssetExecutionContext, DagsterLogManager, Failure, partition_loading_context

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.database.retries import outlast_outage
from loopctl_pipelines.database.table_use import TableUse
from loopctl_pipelines.errors import PipelinesError
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
    log: DagsterLogManager,
    database: Database,
    slugs: Collection[str],
    tables: TableUse,
) -> dict[str, Tenant]:
    """Return the active tenants among `slugs`, by slug; log and skip the others.

    Args:
        log: the run's log.
        database: where the tenants are.
        slugs: the tenants that the run is for.
        tables: the tables that it reads and writes.

    Raises:
        Failure: if none is active, or the database is not fit.
    """
    tenants = all_tenants(database, tables)
    active: dict[str, Tenant] = {}
    skipped: list[PipelinesError] = []
    for slug in dict.fromkeys(slugs):
        tenant = tenants.get(slug)
        if tenant is None:
            skipped.append(UnknownTenantError(slug))
        elif not tenant.is_active:
            skipped.append(InactiveTenantError(slug, tenant.status))
        else:
            active[slug] = tenant
    for reason in skipped:
        log.warning(str(reason))
    if not active:
        raise Failure(" ".join(map(str, skipped)), allow_retries=False)
    return active
