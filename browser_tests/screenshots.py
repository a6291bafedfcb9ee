"""Takes the pictures of the documentation anew, of a UI with the demo's data.

make screenshots
"""

import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.sync_api import Browser, ViewportSize, expect

from browser_tests.asset_page import AssetPage
from browser_tests.chromium import BrowserMissingError, open_browser
from browser_tests.demo_ui import fill_demo, running_dev

_IMAGES: Final = Path(__file__).parents[1] / "docs" / "images"
_PATIENCE: Final = 180_000
_COSTS: Final = "/locations/loopctl_pipelines.definitions/asset-groups/costs"


def main() -> None:
    """Write one PNG for each page."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    expect.set_options(timeout=_PATIENCE)
    try:
        with TemporaryDirectory() as name, open_browser() as browser:
            folder = Path(name)
            with running_dev(fill_demo(folder), folder) as dev:
                _take_all(browser, f"http://{dev.address}")
    except BrowserMissingError as error:
        sys.exit(str(error))


def _take_all(browser: Browser, address: str) -> None:
    # narrow, because a README is about 900 pixels wide and the text has to be legible
    wide, high = ViewportSize(width=1280, height=720), ViewportSize(width=1440, height=1000)
    with browser.new_context(base_url=address, viewport=wide) as context:
        page = context.new_page()
        page.goto(_COSTS)
        # the cards load their states after the lineage
        expect(page.get_by_text("% filled")).to_have_count(2)
        expect(page.get_by_text("Never materialized")).to_be_visible()
        page.screenshot(path=_IMAGES / "lineage.png")
    with browser.new_context(base_url=address, viewport=high) as context:
        page = context.new_page()
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        AssetPage(page, "cost_summaries").open_partition(f"{yesterday}|contoso")
        expect(page.get_by_text("top models", exact=True)).to_be_visible()
        page.screenshot(path=_IMAGES / "partitions.png")


if __name__ == "__main__":
    main()
