"""The Chromium of the system, driven by Playwright. None is downloaded."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, sync_playwright

_PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS: Final = (
    # a container's root has no sandbox; only this machine's own pages are opened
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class BrowserMissingError(Exception):
    """There is no Chromium on this machine."""

    def __init__(self) -> None:
        super().__init__(
            f"None of {', '.join(_PROGRAMS)} is installed. On Debian: apt-get install chromium"
        )


def chromium() -> str:
    """Return the path of the program.

    Raises:
        BrowserMissingError: if there is none.
    """
    found = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if found is None:
        raise BrowserMissingError
    return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Run a browser without windows inside the block.

    Raises:
        BrowserMissingError: if there is none.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=_OPTIONS)
        try:
            yield browser
        finally:
            browser.close()
