"""Dagster's run queue, as `dagster.yaml` configures it."""

from uuid import uuid4

from dagster import DagsterInstance, DagsterRun

from loopctl_pipelines.knowledge.embedding.jobs import EMBED_ARTICLES
from loopctl_pipelines.knowledge.tenant_work.sensor_evaluation import PENDING_ONLY_TAG
from loopctl_pipelines_tests.dagster_internals import TagConcurrencyLimitsCounter


def _requested_by_the_sensor() -> DagsterRun:
    return DagsterRun(EMBED_ARTICLES, str(uuid4()), tags={PENDING_ONLY_TAG: "true"})


def test_long_embedding_runs_leave_a_slot_free_for_the_nightly_costs(
    instance: DagsterInstance,
) -> None:
    queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    places = range(queue.max_concurrent_runs - 1)
    started = [_requested_by_the_sensor() for _ in places]
    waiting = _requested_by_the_sensor()

    full = TagConcurrencyLimitsCounter(queue.tag_concurrency_limits, started)
    assert full.is_blocked(waiting)
    assert not full.is_blocked(DagsterRun("daily_costs", str(uuid4())))
    one_has_ended = TagConcurrencyLimitsCounter(queue.tag_concurrency_limits, started[1:])
    assert not one_has_ended.is_blocked(waiting)
