"""Resolves the URLs of loopctl's database and Dagster's storage; starts the embedded server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from loopctl_pipelines.database.dagster_database import create_beside, dagster_url
from loopctl_pipelines.database.embedded import DAGSTER_DATABASE_NAME, DATABASE_NAME, EmbeddedServer
from loopctl_pipelines.settings import Settings


@dataclass(frozen=True)
class Locations:
    """Two libpq URLs. They may hold passwords, so the repr shows neither."""

    loopctl: str
    dagster: str
    embedded: bool

    def __repr__(self) -> str:
        return f"Locations(embedded={self.embedded})"


@contextmanager
def locate(settings: Settings) -> Iterator[Locations]:
    """Yield the URLs. The embedded server, if it is used, runs until the block ends.

    Raises:
        EmbeddedServerError: if the embedded server does not start.
        DatabaseUnreachableError: if nothing answers at LOOPCTL_DATABASE_URL, or
            LOOPCTL_DAGSTER_URL is not a URL.
        RoleUnfitError: if Dagster's storage is missing and the login may not create it.
    """
    dagster = dagster_url(settings.dagster_url) if settings.dagster_url else None
    if settings.database_url is None:
        with EmbeddedServer(settings.home) as server:
            dagster = dagster or server.url(DAGSTER_DATABASE_NAME)
            yield Locations(server.url(DATABASE_NAME), dagster, embedded=True)
    else:
        dagster = dagster or create_beside(settings.database_url)
        yield Locations(settings.database_url, dagster, embedded=False)
