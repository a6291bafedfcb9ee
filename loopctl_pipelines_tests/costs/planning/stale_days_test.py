"""Which runs a look at the stale summaries requests."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.costs.planning.rectangles import Rectangle
from loopctl_pipelines.costs.planning.stale_days import RecomputePlan, StaleDays

FIRST = date(2026, 4, 1)
ORDER = ("c", "a", "b", "d")
partitions = st.tuples(
    st.integers(0, 5).map(lambda n: FIRST + timedelta(days=n)), st.sampled_from(ORDER)
)


def _day(n: int) -> date:
    return FIRST + timedelta(days=n)


def _plan(found: StaleDays, most: int = 20, per_run: int = 500) -> RecomputePlan:
    return found.plan(most_runs=most, partitions_per_run=per_run)


@given(stale=st.sets(partitions), unfinished=st.lists(partitions), failed=st.sets(partitions))
def test_exactly_what_is_stale_not_in_flight_and_has_not_failed_is_requested_once(
    stale: set[tuple[date, str]],
    unfinished: list[tuple[date, str]],
    failed: set[tuple[date, str]],
) -> None:
    runs = [Rectangle(day, day, (slug,)) for day, slug in unfinished]
    plan = _plan(StaleDays(stale, runs, failed, ORDER), most=100)
    requested = [p for part in plan.requested for p in part.partitions()]
    assert sorted(requested) == sorted(stale - set(unfinished) - failed)
    assert plan.in_flight == len(stale & set(unfinished))
    assert plan.failed == len((stale - set(unfinished)) & failed)


def test_a_run_over_a_range_has_all_of_it_in_flight() -> None:
    stale = {(_day(n), slug) for n in range(4) for slug in ORDER}
    run = Rectangle(_day(1), _day(3), ("c", "a", "b"))
    plan = _plan(StaleDays(stale, [run], (), ORDER))
    assert plan.in_flight == 9
    assert sum(part.size for part in plan.requested) == 7


def test_days_and_tenants_that_stand_side_by_side_are_one_run() -> None:
    stale = {(_day(n), slug) for n in range(4) for slug in ORDER}
    assert _plan(StaleDays(stale, (), (), ORDER)).requested == [Rectangle(_day(0), _day(3), ORDER)]


def test_what_is_more_than_a_look_may_request_is_left_for_the_next_one() -> None:
    stale = {(_day(n), "a") for n in range(6)}
    plan = _plan(StaleDays(stale, (), (), ORDER), most=2, per_run=2)
    assert [(part.first, part.last) for part in plan.requested] == [
        (_day(0), _day(1)),
        (_day(2), _day(3)),
    ]
    requested = {each for part in plan.requested for each in part.partitions()}
    assert stale - requested == {(_day(4), "a"), (_day(5), "a")}


def test_a_tenant_without_a_partition_key_waits_for_it() -> None:
    assert _plan(StaleDays({(_day(0), "new")}, (), (), ORDER)).requested == []
