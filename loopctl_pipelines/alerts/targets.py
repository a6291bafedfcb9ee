"""Where alerts are sent: Apprise's URLs, which hold secrets and are never shown."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from loopctl_pipelines.errors import SettingsError
from loopctl_pipelines.terminal_text import visible

SETTING: Final = "LOOPCTL_ALERT_URLS"


@dataclass(frozen=True, slots=True)
class Targets:
    """Alerts' targets, and the UI that messages link to.

    Attributes:
        urls: Apprise URLs; none: alerts are off. A target's place, from 1 on, stands for it.
        ui_url: the address of the Dagster UI.
    """

    urls: tuple[str, ...]
    ui_url: str

    def __repr__(self) -> str:
        return f"Targets({len(self.urls)} URLs, ui_url={self.ui_url!r})"

    @property
    def places(self) -> range:
        """The targets' places."""
        return range(1, len(self.urls) + 1)

    def name(self, place: int) -> str:
        """Return what may be shown of the target at a place: its place and its kind."""
        return f"{place} ({visible(self.urls[place - 1].partition('://')[0])})"

    def require(self) -> None:
        """Do nothing if there is a target.

        Raises:
            SettingsError: if there is none.
        """
        if not self.urls:
            raise SettingsError(SETTING, "is not set, so there is nowhere to send alerts to")


def check_urls(urls: Sequence[str]) -> None:
    """Reject URLs that Apprise does not understand. Nothing is sent.

    Raises:
        SettingsError: naming the place of the first URL that cannot be used, and no part of it.
    """
    if not urls:
        return
    # it takes a second, and most processes send nothing
    import apprise  # noqa: PLC0415

    # it would log the URL
    logging.getLogger(apprise.LOGGER_NAME).disabled = True
    for place, url in enumerate(urls, start=1):
        if apprise.Apprise.instantiate(url) is None:
            raise SettingsError(
                SETTING,
                f"must hold URLs that Apprise understands, and number {place} is none. "
                "https://github.com/caronc/apprise lists them.",
            )
