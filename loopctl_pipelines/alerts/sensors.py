"""The sensor that alerts people about runs that have ended."""

from dagster import (
    DefaultSensorStatus,
    ResourceParam,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

from loopctl_pipelines.alerts.evaluation import evaluate
from loopctl_pipelines.alerts.operator_queries import forget_position
from loopctl_pipelines.alerts.targets import SETTING, Targets
from loopctl_pipelines.database.connection import Database

_OFF = "off"
_ON = "on"


def build_alerts_sensor(targets: Targets) -> SensorDefinition:
    """Return `alerts_sensor`, which requests no runs.

    Its cursor says whether alerts were on, so that nobody is alerted about a time when they were
    off. How far runs are examined is in loopctl's database, for `alerts send` too.
    """

    @sensor(
        name="alerts_sensor",
        minimum_interval_seconds=30,
        default_status=DefaultSensorStatus.RUNNING,
        description=(
            "Sends one message about each run with failed tenants, red checks or new anomalies to "
            f"the targets of {SETTING}. It waits for no target longer than 20 seconds."
        ),
    )
    def alerts_sensor(
        context: SensorEvaluationContext, database: ResourceParam[Database]
    ) -> SkipReason:
        if not targets.urls:
            context.update_cursor(_OFF)
            return SkipReason(f"Alerts are off: {SETTING} is not set.")
        if context.cursor == _OFF:
            forget_position(database)
        context.update_cursor(_ON)
        done = evaluate(database, context.instance, targets)
        if done is None:
            return SkipReason("Another process is sending alerts.")
        if done.delivered.given_up:
            context.log.warning(
                "%s messages were given up: a target did not accept them within a day.",
                done.delivered.given_up,
            )
        return SkipReason(done.describe())

    return alerts_sensor
