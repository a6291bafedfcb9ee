"""Requests runs of `embed_articles` when articles are pending."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from dagster import (
    AssetKey,
    DagsterInstance,
    DagsterRun,
    DefaultSensorStatus,
    PartitionKeyRange,
    ResourceParam,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    sensor,
)

from loopctl_pipelines.database.login_rights import check_sees_all_tenants
from loopctl_pipelines.knowledge.embedding.jobs import EMBED_ARTICLES, PENDING_ONLY_TAG
from loopctl_pipelines.knowledge.embedding.operator_queries import (
    articles_version,
    finished_embeddings,
    forget_deleted_tenants,
    next_embedding_attempt,
    pending_embeddings,
)
from loopctl_pipelines.knowledge.embedding.sensor_cursor import (
    Cursor,
    Decision,
    Pending,
    Situation,
)
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.orchestration.heartbeats.dead_runs import end_dead_runs
from loopctl_pipelines.orchestration.unfinished_runs import unfinished_runs
from loopctl_pipelines.partitions import range_of_tags, range_tags, slugs_between, tenant_order
from loopctl_pipelines.tenants.operator_queries import list_tenants

_ASSET = AssetKey("article_embeddings")
_RUN_KEY_TAG = "dagster/run_key"


def build_pending_embeddings_sensor() -> SensorDefinition:
    """Return `pending_embeddings_sensor`."""

    @sensor(
        name="pending_embeddings_sensor",
        job_name=EMBED_ARTICLES,
        minimum_interval_seconds=30,
        default_status=DefaultSensorStatus.RUNNING,
        description=(
            "Embeds articles that were published or edited, and articles that are due for a retry. "
            "Requests at most one run per evaluation, and none while nothing is pending."
        ),
    )
    def pending_embeddings_sensor(
        context: SensorEvaluationContext, embedder: ResourceParam[Embedder]
    ) -> SensorResult:
        now = datetime.now(UTC)
        cursor = Cursor.parse(context.cursor)
        # read before the articles: a later change shows at the next evaluation
        version = articles_version(embedder.database)
        if cursor.may_rest(version, now):
            return SensorResult(skip_reason="Nothing has changed, and nothing is due.")
        order = tenant_order(context.instance)
        end_dead_runs(context.instance)
        runs = _unfinished_runs(context.instance)
        keys = {_key(run) for run in runs}
        known = {key: slugs for key, slugs in cursor.in_flight.items() if key in keys}
        tenants_of = {run.run_id: known.get(_key(run)) or _slugs(run, order) for run in runs}
        decision = _decision(embedder, tenants_of, order, now)
        if not decision.request:
            resting = decision.rest_until is not None
            after = Cursor(
                articles_version=version if resting else None,
                rest_until=decision.rest_until,
                in_flight=known,
            )
            reason = f"Nothing to request: {', '.join(decision.reasons) or 'nothing is pending'}."
            return SensorResult(skip_reason=reason, cursor=after.model_dump_json())
        run_key = now.isoformat()
        after = Cursor(in_flight={**known, run_key: decision.request})
        return SensorResult(
            run_requests=[_request(run_key, decision.request, order)],
            cursor=after.model_dump_json(),
        )

    return pending_embeddings_sensor


def _decision(
    embedder: Embedder,
    tenants_of: Mapping[str, Sequence[str]],
    order: Sequence[str],
    now: datetime,
) -> Decision:
    """Decide what the evaluation does.

    Args:
        embedder: gives access to the database and to the circuits.
        tenants_of: the slugs of each unfinished run's tenants, by run id.
        order: slugs that are partition keys, in the order of the partitions.
        now: the current time.
    """
    check_sees_all_tenants(embedder.database, "articles")
    forget_deleted_tenants(embedder.database)
    # read before the pending articles, so that they include what a run leaves pending
    finished = finished_embeddings(embedder.database, tenants_of)
    # read before the pending articles, so that what comes due in between is in both
    next_attempt = next_embedding_attempt(embedder.database)
    tenants = list_tenants(embedder.database)
    slug_of = {tenant.id: slug for slug, tenant in tenants.items()}
    pending = [
        Pending(slug_of[p.tenant_id], p.articles, p.paused_until, p.is_held)
        for p in pending_embeddings(embedder.database)
        if p.tenant_id in slug_of
    ]
    situation = Situation(
        pending,
        in_flight={
            slug
            for run_id, slugs in tenants_of.items()
            for slug in slugs
            if slug in tenants and (run_id, tenants[slug].id) not in finished
        },
        open_circuits={slug_of.get(t, "") for t in embedder.provider.breaker.open_tenants()},
        keys=order,
        next_attempt=next_attempt,
        now=now,
    )
    return situation.decide()


def _request(run_key: str, slugs: Sequence[str], order: Sequence[str]) -> RunRequest:
    """Return one run over the range of these tenants; it skips idle tenants in between."""
    wanted = set(slugs)
    placed = [slug for slug in order if slug in wanted]
    tags = range_tags(PartitionKeyRange(placed[0], placed[-1]))
    return RunRequest(run_key=run_key, tags={**tags, PENDING_ONLY_TAG: "true"})


def _unfinished_runs(instance: DagsterInstance) -> list[DagsterRun]:
    return [
        run
        for run in unfinished_runs(instance)
        if run.job_name == EMBED_ARTICLES or _ASSET in (run.asset_selection or ())
    ]


def _key(run: DagsterRun) -> str:
    """Return the run key of a requested run, or the id of a run that a person started."""
    return run.tags.get(_RUN_KEY_TAG, run.run_id)


def _slugs(run: DagsterRun, order: Sequence[str]) -> list[str]:
    covered = range_of_tags(run.tags)
    return list(slugs_between(covered.start, covered.end, order)) if covered else []
