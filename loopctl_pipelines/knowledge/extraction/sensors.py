"""Requests runs of `extract_articles` when documents or reviews are pending."""

from dagster import (
    DefaultSensorStatus,
    ResourceParam,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    sensor,
)

from loopctl_pipelines.knowledge.extraction.extraction_queue import ExtractionQueue
from loopctl_pipelines.knowledge.extraction.jobs import EXTRACT_ARTICLES
from loopctl_pipelines.knowledge.extraction.work.extractor import Extractor
from loopctl_pipelines.knowledge.tenant_work.sensor_evaluation import evaluate


def build_pending_extractions_sensor() -> SensorDefinition:
    """Return `pending_extractions_sensor`."""

    @sensor(
        name="pending_extractions_sensor",
        job_name=EXTRACT_ARTICLES,
        minimum_interval_seconds=30,
        default_status=DefaultSensorStatus.RUNNING,
        description=(
            "Extracts articles from documents that were handed in, from reviews of the tenants in "
            "LOOPCTL_EXTRACT_REVIEWS, and from what is due for a retry. Requests at most one run "
            "per evaluation, and none while nothing is pending."
        ),
    )
    def pending_extractions_sensor(
        context: SensorEvaluationContext, extractor: ResourceParam[Extractor]
    ) -> SensorResult:
        return evaluate(ExtractionQueue(extractor), context.instance, context.cursor)

    return pending_extractions_sensor
