"""Requests runs of `extract_articles` when documents or reviews are pending."""

from dagster import (
    DefaultSensorStatus,
    ResourceParam,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from loopctl_pipelines.knowledge.extraction.extraction_queue import ExtractionQueue
from loopctl_pipelines.knowledge.extraction.jobs import EXTRACT_ARTICLES
from loopctl_pipelines.knowledge.extraction.unknown_slugs import unknown_slugs_sentence
from loopctl_pipelines.knowledge.extraction.work.extractor import Extractor
from loopctl_pipelines.knowledge.tenant_work.sensor_evaluation import evaluate


def build_pending_extractions_sensor(most_runs: int) -> SensorDefinition:
    """Return `pending_extractions_sensor`, which requests at most so many runs per evaluation."""

    @sensor(
        name="pending_extractions_sensor",
        job_name=EXTRACT_ARTICLES,
        minimum_interval_seconds=30,
        default_status=DefaultSensorStatus.RUNNING,
        description=(
            "Extracts articles from documents that were handed in, from reviews of the tenants in "
            "LOOPCTL_EXTRACT_REVIEWS, and from what is due for a retry. Requests a run, or "
            "LOOPCTL_RUNS_PER_NIGHT of them, per evaluation, and none while nothing is pending."
        ),
    )
    def pending_extractions_sensor(
        context: SensorEvaluationContext, extractor: ResourceParam[Extractor]
    ) -> SensorResult:
        result = evaluate(
            ExtractionQueue(extractor), context.instance, context.cursor, most_runs=most_runs
        )
        unknown = unknown_slugs_sentence(extractor.database, extractor.review_slugs)
        if unknown is None or result.skip_reason is None:
            return result
        reason = SkipReason(f"{result.skip_reason.skip_message} {unknown}")
        return result._replace(skip_reason=reason)

    return pending_extractions_sensor
