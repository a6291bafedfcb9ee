"""Metadata of the baselines' materializations, and of what the calibrated rule compared with."""

from collections.abc import Mapping
from math import exp

from dagster import MetadataValue

from loopctl_pipelines.costs.baselines.computing import DayBaselined
from loopctl_pipelines.costs.baselines.stored_baselines import DayBaseline
from loopctl_pipelines.costs.display.money import dollars


def baselined_metadata(day: DayBaselined) -> Mapping[str, MetadataValue]:
    """Describe the baselines of one tenant's day, or why there are none."""
    if day.archived:
        return {"archived": MetadataValue.text("Its reports were archived by retention.")}
    if day.baseline is None:
        return {"not computed": MetadataValue.text("The tenant's anomaly rule is the reference's.")}
    return baseline_metadata(day.baseline)


def baseline_metadata(baseline: DayBaseline) -> Mapping[str, MetadataValue]:
    """Describe the baselines of a day: usual cost, factors, and what they rest on."""
    usual = {}
    if baseline.usual is not None:
        usual["usual cost (dollars)"] = MetadataValue.float(dollars(round(exp(baseline.usual))))
    return {
        **usual,
        "stories of the days before": MetadataValue.int(baseline.stories),
        "projects with a history": MetadataValue.int(len(baseline.projects)),
        "high factor": MetadataValue.float(round(baseline.high.factor, 2)),
        "high factor rests on": MetadataValue.text(baseline.high.source.value),
        "low factor": MetadataValue.float(round(baseline.low.factor, 3)),
        "low factor rests on": MetadataValue.text(baseline.low.source.value),
    }
