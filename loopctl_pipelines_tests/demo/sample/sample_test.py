"""The sample is the same for the same seed and day, and holds what a demo should show."""

from collections import Counter, defaultdict
from dataclasses import fields
from datetime import date, timedelta
from uuid import UUID

import pytest

from loopctl_pipelines.costs.list_prices.spelling import spellings
from loopctl_pipelines.demo.sample.fitted import INPUT_PRICES
from loopctl_pipelines.demo.sample.rows import PlantedAnomaly, ReportRow, Sample
from loopctl_pipelines.demo.sample.sample import generate
from loopctl_pipelines.llm.list_prices import highest_prices

LAST_DAY = date(2026, 4, 2)

EpicDay = tuple[date, UUID]
TenantStory = tuple[UUID, UUID]


@pytest.fixture(scope="module")
def sample() -> Sample:
    return generate(last_day=LAST_DAY)


def live(sample: Sample) -> list[ReportRow]:
    deleted = {report.id for report in sample.reports if report.deleted_at}
    return [r for r in sample.reports if {r.id, r.corrects_report_id}.isdisjoint(deleted)]


def deviating(sample: Sample) -> set[PlantedAnomaly]:
    """Find what loopctl's anomaly rule finds, by plain loops over the rows."""
    slug_of = {tenant.id: tenant.slug for tenant in sample.tenants}
    epic_of = {story.id: story.epic_id for story in sample.stories}
    cost_of: defaultdict[EpicDay, Counter[TenantStory]] = defaultdict(Counter)
    for report in live(sample):
        epic_day = cost_of[report.inserted_at.date(), epic_of[report.story_id]]
        epic_day[report.tenant_id, report.story_id] += report.cost_millicents
    found = set()
    for (day, _), stories in cost_of.items():
        average = stories.total() // len(stories)
        for (tenant_id, story_id), cost in stories.items():
            if cost > 3 * average:
                found.add(PlantedAnomaly(slug_of[tenant_id], day, story_id, "high_cost"))
            elif 10 * cost < average:
                found.add(PlantedAnomaly(slug_of[tenant_id], day, story_id, "suspiciously_low"))
    return found


def test_the_same_seed_and_days_give_the_same_rows(sample: Sample) -> None:
    assert generate(last_day=LAST_DAY) == sample


def test_another_seed_gives_other_rows_with_other_ids(sample: Sample) -> None:
    other = generate(8, last_day=LAST_DAY, days=1)
    assert not {row.id for row in other.tenants} & {row.id for row in sample.tenants}
    assert not {row.id for row in other.reports} & {row.id for row in sample.reports}


def test_a_later_window_adds_days_and_changes_none(sample: Sample) -> None:
    later = generate(last_day=LAST_DAY + timedelta(days=3), days=10)
    first = LAST_DAY - timedelta(days=6)
    shared = [row for row in sample.reports if row.inserted_at.date() >= first]
    assert [row for row in later.reports if row.inserted_at.date() <= LAST_DAY] == shared
    assert {row for row in later.planted if row.day <= LAST_DAY} == {
        row for row in sample.planted if row.day >= first
    }
    for field in fields(Sample):
        if field.name not in ("reports", "planted"):
            assert getattr(later, field.name) == getattr(sample, field.name)


def test_a_month_has_about_50_000_reports_and_every_day_of_it_some(sample: Sample) -> None:
    per_day = Counter(report.inserted_at.date() for report in sample.reports)
    assert 45_000 < per_day.total() < 55_000
    assert sorted(per_day) == [LAST_DAY - timedelta(days=back) for back in range(29, -1, -1)]


def test_tenants_differ_clearly_in_size_and_inactive_ones_are_among_them(sample: Sample) -> None:
    statuses = Counter(tenant.status for tenant in sample.tenants)
    assert statuses == {"active": 10, "suspended": 1, "pending_enrollment": 1}
    per_tenant = Counter(report.tenant_id for report in sample.reports)
    active = [per_tenant[tenant.id] for tenant in sample.tenants if tenant.status == "active"]
    assert min(active) > 0
    assert max(active) > 10 * min(active)


def test_every_enrolled_tenant_has_several_of_everything(sample: Sample) -> None:
    enrolled = {row.id for row in sample.tenants if row.status != "pending_enrollment"}
    for owned in (sample.projects, sample.epics, sample.stories, sample.agents):
        per_tenant = Counter(row.tenant_id for row in owned)
        assert per_tenant.keys() == enrolled
        assert min(per_tenant.values()) >= 2


def test_ids_are_unique_and_references_stay_within_the_tenant(sample: Sample) -> None:
    tables = (sample.agents, sample.projects, sample.epics, sample.stories, sample.reports)
    owner = {row.id: row.tenant_id for table in tables for row in table}
    assert len(owner) == sum(len(table) for table in tables)
    for story in sample.stories:
        for reference in (story.project_id, story.epic_id, story.assigned_agent_id):
            assert owner[reference] == story.tenant_id
    for report in sample.reports:
        for reference in (report.story_id, report.agent_id, report.project_id):
            assert owner[reference] == report.tenant_id


def test_all_four_phases_and_many_models_occur(sample: Sample) -> None:
    assert {report.phase for report in sample.reports} == {
        *("planning", "implementing", "reviewing", "other")
    }
    assert len({report.model_name for report in sample.reports}) >= 8


def test_corrections_are_negative_and_follow_their_original_on_the_same_day(
    sample: Sample,
) -> None:
    by_id = {report.id: report for report in sample.reports}
    corrections = [report for report in sample.reports if report.corrects_report_id]
    assert len(corrections) > 100
    for correction in corrections:
        original = by_id[correction.corrects_report_id or correction.id]
        assert (
            correction.cost_millicents < 0 < original.cost_millicents + correction.cost_millicents
        )
        assert original.inserted_at <= correction.inserted_at
        assert original.inserted_at.date() == correction.inserted_at.date()
        assert original.story_id == correction.story_id


def test_some_reports_are_deleted_and_some_of_those_had_been_corrected(sample: Sample) -> None:
    deleted = {report.id for report in sample.reports if report.deleted_at}
    stranded = [report for report in sample.reports if report.corrects_report_id in deleted]
    assert len(deleted) > 100
    assert len(stranded) > 20
    for report in sample.reports:
        if report.deleted_at:
            assert report.inserted_at <= report.deleted_at
            assert report.deleted_at.date() == report.inserted_at.date()


def test_some_stories_go_on_across_midnight_utc(sample: Sample) -> None:
    late = {
        (report.story_id, report.inserted_at.date() + timedelta(days=1))
        for report in sample.reports
        if report.inserted_at.hour == 23
    }
    early = {
        (report.story_id, report.inserted_at.date())
        for report in sample.reports
        if report.inserted_at.hour == 0
    }
    assert len(late & early) > 30


def test_the_last_day_has_a_planted_anomaly_and_so_have_others(sample: Sample) -> None:
    assert LAST_DAY in {planted.day for planted in sample.planted}
    assert len({planted.day for planted in sample.planted}) > 5
    assert {planted.anomaly_type for planted in sample.planted} == {
        *("high_cost", "suspiciously_low")
    }


@pytest.mark.parametrize("seed", [7, 0, 1, 2, 3])
def test_the_rule_finds_the_planted_anomalies_and_nothing_else(seed: int) -> None:
    sample = generate(seed, last_day=LAST_DAY)
    assert deviating(sample) == set(sample.planted)


def test_a_planted_anomaly_belongs_to_an_active_tenant(sample: Sample) -> None:
    active = {tenant.slug for tenant in sample.tenants if tenant.status == "active"}
    assert {planted.tenant_slug for planted in sample.planted} <= active


def test_no_report_of_the_sample_is_above_its_model_s_list_price(sample: Sample) -> None:
    assert {row.model_name for row in sample.reports} <= INPUT_PRICES.keys()
    for model, dollars in INPUT_PRICES.items():
        tried = (highest_prices(vendor, name, LAST_DAY) for vendor, name in spellings(model, {}))
        prices = next(filter(None, tried))
        assert float(prices.input) == dollars, model
    for row in sample.reports:
        most = row.input_tokens * INPUT_PRICES[row.model_name] * 0.1
        assert abs(row.cost_millicents) <= abs(most) + 1
