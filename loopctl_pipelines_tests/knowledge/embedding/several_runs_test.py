"""Pending tenants are spread over several runs, if the operator says so."""

from dagster import DagsterInstance, DagsterRunStatus

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge
from loopctl_pipelines_tests.knowledge.embedding.sensor_evaluations import (
    SLUGS,
    EvaluatedSensor,
    tenants_of,
)


def test_each_pending_tenant_is_in_one_of_the_runs_and_none_is_requested_again(
    database: Database, instance: DagsterInstance, embed: Embedder
) -> None:
    knowledge = Knowledge(database)
    for slug in SLUGS:
        knowledge.tenant(slug)
        knowledge.article(slug, "One")
    sensor = EvaluatedSensor(knowledge, instance, embed, runs_per_night=2)
    requests = sensor.evaluate()
    order = instance.get_dynamic_partitions("tenants")
    places = [tuple(map(order.index, map(str, tenants_of(each)))) for each in requests]
    assert [place for first, last in places for place in range(first, last + 1)] == [
        *range(len(SLUGS))
    ]
    assert len({each.run_key for each in requests}) == len(requests) == 2
    run_ids = [sensor.start(each, DagsterRunStatus.STARTED) for each in requests]
    knowledge.article(SLUGS[0], "Two")
    assert sensor.evaluate() == []
    # the tenants of a run that has ended are requested again, those of the other one are not
    sensor.end(run_ids[0])
    again = [tenants_of(each) for each in sensor.evaluate()]
    first, last = tenants_of(requests[0])
    assert (again[0][0], again[-1][1]) == (first, last)
