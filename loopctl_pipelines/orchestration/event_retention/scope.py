"""What the retention may delete: the history of this project's own assets and jobs."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from dagster import AssetsDefinition, Definitions, MultiPartitionsDefinition

_EVERY_LOCATION_HAS: Final = "__ASSET_JOB"


@dataclass(frozen=True, slots=True)
class OwnAsset:
    """An asset of this code location.

    Attributes:
        key: as in Dagster's tables.
        is_partitioned: whether it has partitions.
        is_by_date: whether it has a partition for each day and tenant.
        dependents: keys of the assets that are computed from it, with the same partitions.
    """

    key: str
    is_partitioned: bool
    is_by_date: bool
    dependents: tuple[str, ...]

    def first_key(self, start: date) -> str:
        """Return the text before which none of its partitions exists."""
        return start.isoformat() if self.is_by_date else ""


@dataclass(frozen=True, slots=True)
class OwnHistory:
    """The assets and jobs of one code location, of which an instance may serve several.

    Attributes:
        assets: in the order of their keys.
        jobs: names of jobs, in order.
    """

    assets: tuple[OwnAsset, ...]
    jobs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one run of the retention leaves alone.

    Attributes:
        before: UTC, without a zone; later events and runs are kept.
        start: first day that has partitions.
        unfinished: ids of the runs that are requested or in progress.
        asking: id of the run that asks; its code location is that of the jobs.
    """

    before: datetime
    start: date
    unfinished: tuple[str, ...]
    asking: str


def own_history(definitions: Definitions) -> OwnHistory:
    """Return the assets and jobs of these definitions."""
    specs = {
        spec.key: spec
        for asset in definitions.assets or ()
        if isinstance(asset, AssetsDefinition)
        for spec in asset.specs
    }
    assets = [
        OwnAsset(
            key.to_string(),
            spec.partitions_def is not None,
            isinstance(spec.partitions_def, MultiPartitionsDefinition),
            tuple(
                other.key.to_string()
                for other in specs.values()
                if other.partitions_def and key in {dep.asset_key for dep in other.deps}
            ),
        )
        for key, spec in specs.items()
    ]
    jobs = {job.name for job in definitions.jobs or ()}
    return OwnHistory(
        tuple(sorted(assets, key=lambda asset: asset.key)),
        tuple(sorted({*jobs, _EVERY_LOCATION_HAS})),
    )
