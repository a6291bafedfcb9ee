"""Reads SQL files once: one statement per file, in the folder `sql` beside the code."""

from functools import cache
from importlib.resources import files


@cache
def statement(package: str, name: str) -> bytes:
    """Return `<package>/sql/<name>.sql`; psycopg binds its parameters.

    As bytes, because psycopg's types accept a `str` only if it is a literal.

    Raises:
        FileNotFoundError: if the package has no such statement.
    """
    return files(package).joinpath("sql", f"{name}.sql").read_bytes()
