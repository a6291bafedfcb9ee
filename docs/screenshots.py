"""Take the README's screenshots of a running Dagster UI, with headless Chromium.

Run `make demo` and `make dev`, then in another terminal: .venv/bin/python docs/screenshots.py
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

_IMAGES = Path(__file__).parent / "images"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
    # the pages load their data after the page itself
    "--virtual-time-budget=20000",
)


def main() -> None:
    """Write one PNG for each page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--url", default="http://127.0.0.1:3000")
    options.add_argument("--tenant", default="contoso")
    given = options.parse_args()
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        sys.exit("No Chromium found. On Debian: apt install chromium")
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    partition = quote(f"{yesterday}|{given.tenant}")
    # narrow, because a README is about 900 pixels wide and the text has to be legible
    pages = {
        "lineage": ("1280,720", "/locations/loopctl_pipelines.definitions/asset-groups/costs"),
        "partitions": (
            "1440,1000",
            f"/assets/cost_summaries?view=partitions&partition={partition}",
        ),
    }
    _IMAGES.mkdir(exist_ok=True)
    for name, (size, path) in pages.items():
        with tempfile.TemporaryDirectory() as profile:
            command = [browser, *_OPTIONS, f"--window-size={size}", f"--user-data-dir={profile}"]
            command += [f"--screenshot={_IMAGES / name}.png", given.url + path]
            subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    main()
