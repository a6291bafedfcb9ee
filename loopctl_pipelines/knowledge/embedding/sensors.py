"""Requests runs of `embed_articles` when articles are pending."""

from dagster import (
    DefaultSensorStatus,
    ResourceParam,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    sensor,
)

from loopctl_pipelines.knowledge.embedding.embedding_queue import EmbeddingQueue
from loopctl_pipelines.knowledge.embedding.jobs import EMBED_ARTICLES
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.knowledge.tenant_work.sensor_evaluation import evaluate


def build_pending_embeddings_sensor(most_runs: int) -> SensorDefinition:
    """Return `pending_embeddings_sensor`, which requests at most so many runs per evaluation."""

    @sensor(
        name="pending_embeddings_sensor",
        job_name=EMBED_ARTICLES,
        minimum_interval_seconds=30,
        default_status=DefaultSensorStatus.RUNNING,
        description=(
            "Embeds articles that were published or edited, and articles that are due for a retry. "
            "Requests a run, or LOOPCTL_RUNS_PER_NIGHT of them, per evaluation, and none while "
            "nothing is pending."
        ),
    )
    def pending_embeddings_sensor(
        context: SensorEvaluationContext, embedder: ResourceParam[Embedder]
    ) -> SensorResult:
        return evaluate(
            EmbeddingQueue(embedder), context.instance, context.cursor, most_runs=most_runs
        )

    return pending_embeddings_sensor
