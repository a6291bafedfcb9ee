"""The Dagster UI: lineage, dialogs, failures, checks, charts, automation."""

import re
from datetime import date, timedelta

from playwright.sync_api import Locator, Page, expect

from browser_tests.asset_page import AssetPage
from loopctl_pipelines_tests.cli.dev_process import Dev

_LOCATION = "/locations/loopctl_pipelines.definitions"
_AUTOMATION = [
    *("alerts_sensor", "article_links_sensor", "cost_anomalies_sensor", "daily_costs_schedule"),
    *("dead_runs_sensor", "pending_embeddings_sensor", "pending_extractions_sensor"),
    *("stale_costs_sensor", "tenants_sensor"),
    *("weekly_reconciliation_schedule", "weekly_retention_schedule"),
]


def _dollars(cell: Locator) -> float:
    expect(cell).to_have_text(re.compile(r"^[\d.]+$"))
    return float(cell.inner_text())


def test_the_lineage_shows_every_group_and_the_assets_of_one(page: Page) -> None:
    page.goto("/asset-groups")
    for group in ("costs", "ingestion", "extraction", "embeddings", "links"):
        expect(page.get_by_text(group, exact=True).first).to_be_visible()
    page.goto(f"{_LOCATION}/asset-groups/costs")
    for asset in ("token_usage_reports", "cost_summaries", "cost_anomalies"):
        expect(page.get_by_text(asset, exact=True).first).to_be_visible()


def test_a_partition_that_is_materialized_again_shows_the_corrected_cost_and_its_check_a_table(
    page: Page, yesterday: date
) -> None:
    summaries = AssetPage(page, "cost_summaries")
    partition = f"{yesterday}|northwind"
    summaries.open_partition(partition)
    before = _dollars(summaries.metadata("cost (dollars)"))
    summaries.materialize(partition)
    summaries.open_partition(partition)
    assert _dollars(summaries.metadata("cost (dollars)")) > before
    summaries.open_check("costs_match_list_prices")
    expect(page.get_by_text(partition)).to_be_visible()
    expect(page.get_by_text("Failed", exact=True).first).to_be_visible()
    row = page.get_by_role("row").filter(has_text="above_list_price").last
    expect(row.get_by_role("cell")).to_have_count(7)


def test_a_backfill_of_three_days_through_the_dialog_succeeds(page: Page, yesterday: date) -> None:
    summaries = AssetPage(page, "cost_summaries")
    summaries.open_partition(f"{yesterday}|contoso")
    dialog = summaries.open_dialog()
    days = dialog.get_by_placeholder("ex:")
    days.fill(f"[{yesterday - timedelta(days=3)}...{yesterday - timedelta(days=1)}]")
    days.press("Enter")
    expect(dialog.get_by_text("3 partitions", exact=True)).to_be_visible()
    expect(dialog.get_by_text("in a single run")).to_be_visible()
    dialog.get_by_role("button", name="Launch backfill").click()
    page.goto("/runs?view=backfills")
    rows = page.locator("[class*=VirtualizedTable_row]")
    # the other one is cost_anomalies, which follows
    backfill = rows.filter(has_text="3 partitions").filter(has_text="Manually launched")
    expect(backfill).to_contain_text("Success")


def test_a_failed_partition_says_why_in_its_events(page: Page) -> None:
    extracted = AssetPage(page, "extracted_articles")
    extracted.open_partition("margie")
    expect(page.get_by_text("failed, and did not materialize this asset")).to_be_visible()
    page.get_by_text("View all historical events").click()
    events = page.get_by_role("dialog")
    events.get_by_text("Observation").first.click()
    reason = "the vendor rejects the tenant's Anthropic key or extraction model"
    expect(events.get_by_text(reason).first).to_be_visible()


def test_a_day_with_an_anomaly_has_its_charts(page: Page, yesterday: date) -> None:
    anomalies = AssetPage(page, "cost_anomalies")
    anomalies.open_partition(f"{yesterday}|contoso")
    for chart in ("cost per day", "costliest anomaly"):
        anomalies.metadata(chart).get_by_text("Show Markdown").click()
        drawn = page.get_by_role("dialog").locator("img[src^='data:image/png']")
        expect(drawn).to_be_visible()
        assert drawn.evaluate("image => image.naturalWidth") > 0
        page.get_by_role("dialog").get_by_role("button", name="Close").click()
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_all_automation_is_on_and_a_schedule_can_be_turned_off_and_on(page: Page) -> None:
    page.goto("/automation")
    row = page.locator("[class*=ListItem_listItem__]")
    for name in _AUTOMATION:
        switch = row.filter(has_text=name).locator("[class*=formatSwitch] input")
        expect(switch).to_be_checked()
    nightly = row.filter(has_text="daily_costs_schedule").locator("[class*=formatSwitch]")
    for _ in ("off", "on"):
        before = nightly.locator("input").is_checked()
        nightly.click()
        expect(nightly.locator("input")).to_be_checked(checked=not before)
        page.reload()
        expect(nightly.locator("input")).to_be_checked(checked=not before)


def test_the_terminal_says_which_failures_belong_to_the_sample(dev: Dev) -> None:
    printed = " ".join(dev.printed.read_text().split())
    assert "The key of the sample's tenant margie was revoked on purpose" in printed
