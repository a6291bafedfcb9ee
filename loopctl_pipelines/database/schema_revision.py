"""The revision that this version needs. Without Alembic, whose import takes half a second."""

from functools import cache
from importlib.resources import files

from psycopg import Connection
from psycopg.rows import TupleRow


@cache
def head_revision() -> str:
    """Return the last revision; a revision's number is in the name of its file."""
    names = (each.name for each in files(f"{__package__}.migrations.versions").iterdir())
    return max(name[1:5] for name in names if name.startswith("r"))


def is_upgraded(connection: Connection[TupleRow]) -> bool:
    """Return whether the database is at this version's revision; change nothing."""
    found = connection.execute("SELECT to_regclass('loopctl_pipelines.alembic_version')").fetchone()
    if found == (None,):
        return False
    rows = connection.execute("SELECT version_num FROM loopctl_pipelines.alembic_version")
    return rows.fetchall() == [(head_revision(),)]
