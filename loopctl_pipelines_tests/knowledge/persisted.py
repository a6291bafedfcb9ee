"""Everything that outlives a run, as text: all tables of a database, all files of a folder."""

import base64
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql

from loopctl_pipelines_tests.llm.canary import Canaries

_TABLES = """
    SELECT table_schema, table_name
    FROM information_schema.tables
    WHERE table_type = 'BASE TABLE'
      AND table_schema NOT IN ('pg_catalog', 'information_schema')
"""


def found_in_database(url: str, canaries: Canaries) -> set[tuple[str, str]]:
    """Return (table, canary) for every table that holds a fragment of one."""
    found: set[tuple[str, str]] = set()
    with psycopg.connect(url) as connection:
        for schema, table in connection.execute(_TABLES).fetchall():
            rows = connection.execute(
                sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, table))
            )
            for row in rows:
                text = "\n".join(form for value in row for form in _forms(value))
                found |= {(f"{schema}.{table}", name) for name in canaries.found_in(text)}
    return found


def found_in_files(folder: Path, canaries: Canaries) -> set[tuple[str, str]]:
    """Return (path within the folder, canary) for every file that holds a fragment of one."""
    return {
        (str(path.relative_to(folder)), name)
        for path in folder.rglob("*")
        if path.is_file()
        for form in _forms(path.read_bytes())
        for name in canaries.found_in(f"{path.name}\n{form}")
    }


def _forms(value: object) -> Iterator[str]:
    """Yield a value as it is, and what it holds if it is packed, as some of Dagster's are."""
    content = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
    yield content.decode("latin-1")
    with suppress(ValueError):
        content = base64.b64decode(content, validate=True)
        yield content.decode("latin-1")
    with suppress(zlib.error):
        yield zlib.decompress(content).decode("latin-1")
