"""One demo, one UI and one browser for all tests; each test has a tab of its own."""

import os
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from browser_tests.chromium import BrowserMissingError, chromium, open_browser
from browser_tests.demo_ui import fill_demo, running_dev
from loopctl_pipelines.database.embedded import DATABASE_NAME, EmbeddedServer
from loopctl_pipelines_tests.cli.dev_process import Dev
from loopctl_pipelines_tests.shell import Shell

_PATIENCE = 180_000
"""Milliseconds after which something that has not appeared never will."""

_CORRECTED = """
UPDATE token_usage_reports SET cost_millicents = cost_millicents * 1000
 WHERE id = (SELECT report.id FROM token_usage_reports AS report
               JOIN tenants AS tenant ON tenant.id = report.tenant_id
              WHERE tenant.slug = 'northwind' AND report.deleted_at IS NULL
                AND report.cost_millicents > 0
                AND report.inserted_at >= %(day)s AND report.inserted_at < %(day)s + 1
              ORDER BY report.id LIMIT 1)
"""


def pytest_configure() -> None:
    """Refuse to begin without a browser, and let child processes keep bytecode and SIGINT."""
    try:
        chromium()
    except BrowserMissingError as error:
        raise pytest.UsageError(str(error)) from None
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def yesterday() -> date:
    """Return the last day of the demo's data."""
    return datetime.now(UTC).date() - timedelta(days=1)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, yesterday: date) -> tuple[Shell, Path]:
    """Return the filled demo. After its run, one report of northwind's became far too dear."""
    folder = tmp_path_factory.mktemp("demo")
    shell = fill_demo(folder)
    with (
        EmbeddedServer(folder / "home") as server,
        psycopg.connect(server.url(DATABASE_NAME)) as connection,
    ):
        assert connection.execute(_CORRECTED, {"day": yesterday}).rowcount == 1
    return shell, folder


@pytest.fixture(scope="session")
def dev(demo: tuple[Shell, Path]) -> Iterator[Dev]:
    """Run the UI and the daemon for all tests."""
    shell, folder = demo
    with running_dev(shell, folder) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Run one browser for all tests."""
    expect.set_options(timeout=_PATIENCE)
    with open_browser() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, dev: Dev) -> Iterator[Page]:
    """Return a tab whose relative addresses lead to the UI."""
    with browser.new_context(
        base_url=f"http://{dev.address}", viewport={"width": 1400, "height": 1000}
    ) as context:
        context.set_default_timeout(_PATIENCE)
        context.set_default_navigation_timeout(_PATIENCE)
        yield context.new_page()
