"""Partitions become few rectangles, and the rectangles are exactly those partitions."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.costs.planning.rectangles import Rectangle, rectangles

DAY = date(2026, 4, 1)
ORDER = ("d", "b", "a", "c")
partitions = st.sets(
    st.tuples(
        st.integers(0, 6).map(lambda n: DAY + timedelta(days=n)),
        st.sampled_from(ORDER),
    )
)


@given(partitions)
def test_every_partition_is_covered_once_and_no_other(wanted: set[tuple[date, str]]) -> None:
    covered = [key for part in rectangles(wanted, ORDER) for key in part.partitions()]
    assert len(covered) == len(set(covered))
    assert set(covered) == wanted


@given(partitions)
def test_the_tenants_of_a_rectangle_stand_side_by_side(wanted: set[tuple[date, str]]) -> None:
    for part in rectangles(wanted, ORDER):
        first = ORDER.index(part.slugs[0])
        assert part.slugs == ORDER[first : first + len(part.slugs)]


def test_all_days_of_all_tenants_are_one_rectangle() -> None:
    whole = Rectangle(DAY, DAY + timedelta(days=9), ORDER)
    assert rectangles(whole.partitions(), ORDER) == [whole]


@given(st.integers(1, 100))
def test_chunks_cover_the_rectangle_and_none_is_larger_than_asked(most: int) -> None:
    whole = Rectangle(DAY, DAY + timedelta(days=9), ORDER)
    chunks = list(whole.chunks(most))
    assert [key for chunk in chunks for key in chunk.partitions()] == list(whole.partitions())
    assert all(chunk.size <= max(most, len(ORDER)) for chunk in chunks)
