"""Where loopctl's database and Dagster's storage are, with the embedded server where it is used."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from loopctl_pipelines.database.connection import connect
from loopctl_pipelines.database.embedded import DAGSTER_DATABASE_NAME, DATABASE_NAME, EmbeddedServer
from loopctl_pipelines.errors import RoleUnfitError
from loopctl_pipelines.settings import Settings

_DAGSTER_BESIDE = "loopctl_dagster"


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
        DatabaseUnreachableError: if LOOPCTL_DATABASE_URL leads nowhere.
        RoleUnfitError: if Dagster's storage has to be created and the login may not.
    """
    if settings.database_url is None:
        with EmbeddedServer(settings.home) as server:
            dagster = settings.dagster_url or server.url(DAGSTER_DATABASE_NAME)
            yield Locations(server.url(DATABASE_NAME), dagster, embedded=True)
    else:
        dagster = settings.dagster_url or _dagster_beside(settings.database_url)
        yield Locations(settings.database_url, dagster, embedded=False)


def _dagster_beside(url: str) -> str:
    """Return the URL of Dagster's database on the same server, which is created if need be."""
    with connect(url) as connection:
        connection.autocommit = True
        exists = "SELECT FROM pg_database WHERE datname = %s"
        if connection.execute(exists, [_DAGSTER_BESIDE]).fetchone() is None:
            create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_DAGSTER_BESIDE))
            try:
                connection.execute(create)
            except psycopg.errors.DuplicateDatabase:
                pass
            except psycopg.errors.InsufficientPrivilege:
                raise RoleUnfitError(
                    f"The login of LOOPCTL_DATABASE_URL may not create {_DAGSTER_BESIDE!r} for "
                    "Dagster's storage. Create it, or set LOOPCTL_DAGSTER_URL."
                ) from None
    return urlunsplit(urlsplit(url)._replace(path=f"/{_DAGSTER_BESIDE}"))
