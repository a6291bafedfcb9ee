"""What `/metrics` answers: this process's requests, and what is counted in the database."""

import asyncio
import time
from typing import Final, cast

from fastapi import Request

from loopctl_pipelines.api.database_threads import DatabaseThreads
from loopctl_pipelines.api.errors import RequestRefusedError
from loopctl_pipelines.api.request_metrics import RequestMetrics
from loopctl_pipelines.observability.exposition import text_of
from loopctl_pipelines.observability.stored_metrics import Scrape, read_stored
from loopctl_pipelines.settings import Settings

READ_SECONDS: Final = 60.0
"""What is counted in the database is used for so long, however many scrapers there are.

To count the pending articles, PostgreSQL reads the state of all articles: 0.9 s for 200,000."""


class ScrapedMetrics:
    """The metrics of one app. Scrapes that come during a count share it."""

    def __init__(
        self, threads: DatabaseThreads, settings: Settings, requests: RequestMetrics
    ) -> None:
        """Take the way to the database, and this process's requests."""
        self._threads = threads
        self._settings = settings
        self._requests = requests
        self._stored: tuple[float, asyncio.Task[bytes]] | None = None

    async def text(self) -> bytes:
        """Return the metrics; without the database, those of the process and the error."""
        if self._stored is None or self._stored[0] < time.monotonic():
            reading = asyncio.create_task(self._read())
            self._stored = (time.monotonic() + READ_SECONDS, reading)
        # a scraper that gives up does not end the count for the others
        stored = await asyncio.shield(self._stored[1])
        return self._requests.text() + stored

    async def _read(self) -> bytes:
        try:
            return await self._threads.run(
                lambda database: text_of(read_stored(database, self._settings).families())
            )
        except RequestRefusedError:
            # too many requests are under way, or the database does not answer
            return text_of(Scrape(errors={"database": 1}).families())


def metrics_of(request: Request) -> ScrapedMetrics:
    """Return the metrics of the request's app."""
    return cast("ScrapedMetrics", request.app.state.metrics)
