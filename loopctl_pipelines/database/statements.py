"""SQL files of a domain, read once: one statement a file, in the domain's folder `sql`."""

from functools import cache
from importlib.resources import files


@cache
def statement(package: str, name: str) -> bytes:
    """Return `<package>/sql/<name>.sql`, whose parameters psycopg binds.

    As bytes: psycopg takes a `str` only where it stands literally in the code.

    Raises:
        FileNotFoundError: if the domain has no such statement.
    """
    return files(package).joinpath("sql", f"{name}.sql").read_bytes()
