"""Resolves the URLs of loopctl's database and Dagster's storage; starts the embedded server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from loopctl_pipelines.database.dagster_database import create_beside, dagster_url
from loopctl_pipelines.database.embedded import DAGSTER_DATABASE_NAME, DATABASE_NAME, EmbeddedServer
from loopctl_pipelines.settings import Settings


@dataclass(frozen=True)
class Locations:
    """Two libpq URLs. They may hold passwords, so the repr shows neither."""

    loopctl: str
    embedded: bool
    find_dagster: Callable[[], str]

    @cached_property
    def dagster(self) -> str:
        """Where Dagster's storage is; its database is created when it is first asked for.

        Raises:
            DatabaseUnreachableError: if nothing answers there.
            RoleUnfitError: if it is missing and the login may not create it.
        """
        return self.find_dagster()

    def __repr__(self) -> str:
        return f"Locations(embedded={self.embedded})"


@contextmanager
def locate(settings: Settings) -> Iterator[Locations]:
    """Yield the URLs. The embedded server, if it is used, runs until the block ends.

    Raises:
        EmbeddedServerError: if the embedded server does not start.
        DatabaseUnreachableError: if LOOPCTL_DAGSTER_URL is not a URL.
    """
    given = dagster_url(settings.dagster_url) if settings.dagster_url else None
    if (url := settings.database_url) is None:
        with EmbeddedServer(settings.home) as server:
            yield Locations(
                server.url(DATABASE_NAME),
                embedded=True,
                find_dagster=lambda: given or server.url(DAGSTER_DATABASE_NAME),
            )
    else:
        yield Locations(url, embedded=False, find_dagster=lambda: given or create_beside(url))
