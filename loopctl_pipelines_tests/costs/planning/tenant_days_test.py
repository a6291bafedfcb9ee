"""Partitions become as few (tenant, range of days) units as possible, and every day stays."""

from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.costs.planning.tenant_days import TenantDays, tenant_days
from loopctl_pipelines.tenants.tenant import Tenant

TENANTS = {
    slug: Tenant(UUID(int=number), slug, slug.title(), "active")
    for number, slug in enumerate(("acme", "globex", "initech"))
}
PARTITIONS = st.sets(
    st.tuples(st.dates(date(2026, 1, 1), date(2026, 2, 20)), st.sampled_from(sorted(TENANTS)))
)


@given(PARTITIONS)
def test_the_units_cover_the_partitions_and_nothing_else(partitions: set[tuple[date, str]]) -> None:
    units = tenant_days(partitions, TENANTS)
    covered = [(day, unit.tenant.slug) for unit in units for day in unit.days()]
    assert len(covered) == len(set(covered))
    assert set(covered) == partitions


@given(PARTITIONS)
def test_adjacent_days_of_a_tenant_are_one_unit(partitions: set[tuple[date, str]]) -> None:
    units = tenant_days(partitions, TENANTS)
    starts = {(unit.first, unit.tenant.slug) for unit in units}
    assert not {(unit.end, unit.tenant.slug) for unit in units} & starts


@given(st.dates(date(2026, 1, 1), date(2026, 2, 1)), st.integers(0, 40))
def test_halving_loses_no_day_and_ends_at_a_single_day(first: date, length: int) -> None:
    unit = TenantDays(TENANTS["acme"], first, first + timedelta(days=length))
    halves = unit.halves()
    assert len(halves) == (0 if length == 0 else 2)
    if halves:
        assert [*halves[0].days(), *halves[1].days()] == list(unit.days())


@given(
    st.dates(date(2026, 1, 1), date(2026, 2, 1)),
    st.integers(0, 40),
    st.none() | st.dates(date(2025, 12, 1), date(2026, 4, 1)),
)
def test_the_part_since_a_day_is_every_day_that_does_not_lie_before_it(
    first: date, length: int, day: date | None
) -> None:
    unit = TenantDays(TENANTS["acme"], first, first + timedelta(days=length))
    part = unit.since(day)
    kept = list(part.days()) if part else []
    assert kept == [each for each in unit.days() if day is None or each >= day]
