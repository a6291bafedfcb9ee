"""The API's page `/docs`: its routes, and a request that is sent from it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser_tests.demo_ui import running_api
from loopctl_pipelines_tests.shell import Shell

_ROUTE = "/api/v1/cost-summaries"


@pytest.fixture
def api(demo: tuple[Shell, Path], tmp_path: Path) -> Iterator[tuple[str, str]]:
    shell, _ = demo
    with running_api(shell, tmp_path, tenant="contoso") as served:
        yield served


def test_a_request_is_sent_from_the_page_with_the_key_that_was_entered(
    browser: Browser, api: tuple[str, str]
) -> None:
    address, key = api
    page = browser.new_page()
    page.goto(f"{address}/docs")
    page.get_by_role("button", name="Authorize").click()
    page.get_by_role("textbox").fill(key)
    page.locator(".auth-btn-wrapper").get_by_role("button", name="Apply").or_(
        page.locator(".auth-btn-wrapper .authorize")
    ).first.click()
    page.get_by_role("button", name="Close").first.click()
    route = page.locator(".opblock").filter(has_text=_ROUTE)
    route.locator(".opblock-summary").click()
    route.get_by_role("button", name="Try it out").click()
    route.get_by_role("button", name="Execute").click()
    answer = route.locator(".live-responses-table .response")
    expect(answer).to_contain_text("200")
    expect(answer).to_contain_text(re.compile("total_cost_millicents"))
    page.close()
