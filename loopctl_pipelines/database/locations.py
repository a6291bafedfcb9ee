"""Where loopctl's database and Dagster's storage are, with the embedded server where it is used."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from loopctl_pipelines.database.dagster_database import create_beside, dagster_url
from loopctl_pipelines.database.embedded import DAGSTER_DATABASE_NAME, DATABASE_NAME, EmbeddedServer
from loopctl_pipelines.settings import Settings


@dataclass(frozen=True)
class Locations:
    """Two libpq URLs, which may hold passwords, so the repr shows none of them."""

    loopctl: str
    dagster: str
    embedded: bool

    def __repr__(self) -> str:
        return f"Locations(embedded={self.embedded})"


@contextmanager
def locate(settings: Settings) -> Iterator[Locations]:
    """Give out the URLs; while the block runs, the embedded server does too if it is used.

    Raises:
        EmbeddedServerError: if it does not start.
        DatabaseUnreachableError: if LOOPCTL_DATABASE_URL leads nowhere, or LOOPCTL_DAGSTER_URL is
            no URL.
        RoleUnfitError: if Dagster's storage has to be created and the login may not.
    """
    dagster = dagster_url(settings.dagster_url) if settings.dagster_url else None
    if settings.database_url is None:
        with EmbeddedServer(settings.home) as server:
            dagster = dagster or server.url(DAGSTER_DATABASE_NAME)
            yield Locations(server.url(DATABASE_NAME), dagster, embedded=True)
    else:
        dagster = dagster or create_beside(settings.database_url)
        yield Locations(settings.database_url, dagster, embedded=False)
