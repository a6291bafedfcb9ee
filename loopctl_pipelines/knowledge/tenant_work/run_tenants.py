"""Which of its tenants a run works on."""

from collections.abc import Mapping

from loopctl_pipelines.knowledge.tenant_work.sensor_evaluation import PENDING_ONLY_TAG, WorkQueue
from loopctl_pipelines.tenants.tenant import Tenant


def tenants_to_work_on(
    run_tags: Mapping[str, str], tenants: Mapping[str, Tenant], queue: WorkQueue
) -> Mapping[str, Tenant]:
    """Return the tenants that a run works on: all, or the due ones if the sensor asked for it.

    Waiting for a tenant that another run works on would delay all other tenants of the run.

    Args:
        run_tags: of the run.
        tenants: its active tenants, by slug.
        queue: what is pending.
    """
    if PENDING_ONLY_TAG not in run_tags:
        return tenants
    due = {p.tenant_id for p in queue.pending() if not (p.paused_until or p.is_held)}
    return {slug: tenant for slug, tenant in tenants.items() if tenant.id in due}
