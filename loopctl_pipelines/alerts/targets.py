"""Where alerts are sent: Apprise's URLs, which hold secrets and are never shown."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from loopctl_pipelines.errors import SettingsError

SETTING = "LOOPCTL_ALERT_URLS"


@dataclass(frozen=True, slots=True)
class Targets:
    """Alerts' targets, and the UI that messages link to.

    Attributes:
        urls: Apprise URLs; none: alerts are off. A target's place, from 1 on, stands for it.
        ui_url: the address of the Dagster UI, without a slash at its end.
    """

    urls: tuple[str, ...]
    ui_url: str

    def __repr__(self) -> str:
        return f"Targets({len(self.urls)} URLs, ui_url={self.ui_url!r})"

    @property
    def places(self) -> range:
        """The targets' places."""
        return range(1, len(self.urls) + 1)


def check_targets(urls: Sequence[str], ui_url: str) -> Targets:
    """Return the targets; Apprise must understand each URL. Nothing is sent.

    Raises:
        SettingsError: naming the place of the first URL that cannot be used, and no part of it.
    """
    if urls:
        # it takes half a second, and most processes send nothing
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
    return Targets(tuple(urls), ui_url.rstrip("/"))
