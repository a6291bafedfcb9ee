"""The nights: which partitions a nightly run covers, and how a night is cut into several runs."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from dagster import DagsterInstance, DagsterRunStatus, PartitionKeyRange, RunsFilter

from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.costs.operator_queries import count_reports
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.heartbeats.dead_runs import has_died
from loopctl_pipelines.partitions import (
    day_and_slug,
    partition_range,
    range_of_tags,
    range_tags,
)
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.contiguous_groups import contiguous_groups
from loopctl_pipelines.tenants.tenant import Tenant

MOST_NIGHTS: Final = 31
"""Missed nights that one run makes up for; `loopctl-pipelines backfill` computes older days."""

MISSED_NIGHTS_TAG: Final = "loopctl/missed_nights"
"""On a nightly run: the number of nights that it makes up for."""

NIGHT_PART_TAG: Final = "loopctl/night_part"
"""On each run of a night that is cut into several: which of how many, such as `2/4`."""

_TENANT_IN_REPORTS: Final = 2_500
"""A tenant's own work takes as long as adding up so many reports: 8 ms, at 3 microseconds each."""

NIGHTLY: Final = "daily_costs_schedule"
"""The name of the schedule."""

# runs that are looked at to find the last whole night: of more than MOST_NIGHTS at the usual number
_MOST_RUNS: Final = 200
_DAY = timedelta(days=1)


def night_parts(
    database: Database, active: Sequence[Tenant], nightly: PartitionKeyRange, settings: Settings
) -> list[PartitionKeyRange]:
    """Cut the partitions of a night into contiguous tenants of similar size, a part for each run.

    Args:
        database: counts the tenants' reports of those days.
        active: the active tenants, in partition order.
        nightly: the partitions of the night.
        settings: for the number of runs.
    """
    if settings.runs_per_night == 1:
        return [nightly]
    days = day_and_slug(nightly.start)[0], day_and_slug(nightly.end)[0]
    reports = count_reports(database, [tenant.id for tenant in active], *days)
    sizes = {each.slug: _TENANT_IN_REPORTS + reports.get(each.id, 0) for each in active}
    groups = contiguous_groups([each.slug for each in active], sizes, settings.runs_per_night)
    return [partition_range(days, (group[0], group[-1])) for group in groups]


def numbered(parts: Sequence[PartitionKeyRange]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what each part adds to the key of its run, and its tags."""
    for number, part in enumerate(parts, start=1):
        if len(parts) == 1:
            yield "", range_tags(part)
        else:
            which = f"{number}/{len(parts)}"
            yield f" {which}", {**range_tags(part), NIGHT_PART_TAG: which}


def last_nightly_day(instance: DagsterInstance) -> date | None:
    """Return the last UTC day of the latest night whose runs have all ended; None: there is none.

    A run counts even if some of its tenants failed: otherwise one bad tenant would make every night
    longer than the one before. A run that was killed does not count.
    """
    ended = RunsFilter(
        job_name=DAILY_COSTS,
        statuses=[DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE],
        tags={"dagster/schedule_name": NIGHTLY},
    )
    seen: dict[date, set[str]] = {}
    for run in instance.get_runs(ended, limit=_MOST_RUNS):
        covered = range_of_tags(run.tags)
        if covered is None or has_died(run):
            continue
        last = day_and_slug(covered.end)[0]
        part, _, parts = run.tags.get(NIGHT_PART_TAG, "1/1").partition("/")
        seen.setdefault(last, set()).add(part)
        if len(seen[last]) == int(parts):
            return last
    return None


def missed_nights(scheduled: datetime, previous: date | None) -> int:
    """Return the number of nights without a nightly run before the one that is scheduled.

    Args:
        scheduled: the time that the schedule was due, UTC.
        previous: last day of the latest nightly run that ended; None: there was none.
    """
    last = scheduled.date() - _DAY
    if previous is None or previous >= last:
        return 0
    return min((last - previous).days - 1, MOST_NIGHTS)


def nightly_range(
    settings: Settings,
    scheduled: datetime,
    active: Sequence[str],
    previous: date | None = None,
) -> PartitionKeyRange | None:
    """Return the partitions of the run scheduled for this time; None if there are none.

    The day comes from the scheduled time, so a late or repeated evaluation computes the same day.

    Args:
        settings: for the first day that has partitions, and the number of trailing days.
        scheduled: the time that the schedule was due, UTC.
        active: keys of the active tenants, in partition order.
        previous: last day of the latest nightly run that ended; None: there was none.
    """
    last = scheduled.date() - _DAY
    start = settings.start_date.resolve(scheduled.date())
    days = max(settings.trailing_days, missed_nights(scheduled, previous))
    first = max(start, last - days * _DAY)
    if not active or first > last:
        return None
    return partition_range((first, last), (active[0], active[-1]))
