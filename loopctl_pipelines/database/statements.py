"""SQL files of a domain, read once. A domain keeps them in its folder `sql`, one statement a file."""

from functools import cache
from importlib.resources import files
from typing import LiteralString, cast


@cache
def statement(package: str, name: str) -> LiteralString:
    """Return the text of `<package>/sql/<name>.sql`; parameters in it are bound by psycopg.

    Raises:
        FileNotFoundError: if the domain has no such statement.
    """
    text = files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    # psycopg asks for a literal: these files ship with the package, no user's text reaches them
    return cast("LiteralString", text)
