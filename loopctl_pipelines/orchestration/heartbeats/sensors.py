"""The sensor that ends dead runs."""

from dagster import (
    DefaultSensorStatus,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

from loopctl_pipelines.orchestration.heartbeats.dead_runs import end_dead_runs


def build_dead_runs_sensor() -> SensorDefinition:
    """Return `dead_runs_sensor`, which requests no runs.

    Dagster's run monitoring asks the launcher, and its default launcher cannot tell.
    """

    @sensor(
        name="dead_runs_sensor",
        # silence is counted in evaluations
        minimum_interval_seconds=30,
        default_status=DefaultSensorStatus.RUNNING,
        description=(
            "Marks runs as failed whose process was killed: they would count as running for ever, "
            "and keep their place in the queue and their days from being recomputed."
        ),
    )
    def dead_runs_sensor(context: SensorEvaluationContext) -> SkipReason:
        ended = end_dead_runs(context.instance)
        for run_id, cause in ended.items():
            context.log.warning("Run %s: %s", run_id, cause)
        return SkipReason(f"{len(ended)} dead runs were marked as failed.")

    return dead_runs_sensor
