"""The sentence for a right that the login lacks, with the GRANT."""

import re
from typing import Final

from psycopg import Connection
from psycopg.errors import InsufficientPrivilege
from psycopg.rows import TupleRow

from loopctl_pipelines.database.errors import RoleUnfitError
from loopctl_pipelines.database.statements import statement

_DENIED = re.compile(r"permission denied for (table|view|schema|function) ([a-z_][a-z0-9_]*)$")
_GRANTS: Final = {
    "table": "SELECT ON",
    "view": "SELECT ON",
    "schema": "USAGE ON SCHEMA",
    "function": "EXECUTE ON FUNCTION",
}


def missing_right(error: InsufficientPrivilege, connection: Connection[TupleRow]) -> RoleUnfitError:
    """Return the typed error for a statement that the login of the connection may not run.

    The name of the object is all that is taken from the server's text, if that is English.
    """
    login = connection.info.user
    denied = _DENIED.match(error.diag.message_primary or "")
    problem = "lacks a right."
    if denied is not None:
        kind, name = denied.groups()
        connection.rollback()
        found = connection.execute(statement(__package__, "qualified_name"), {"name": name})
        (name,) = found.fetchone() or (name,)
        connection.rollback()
        grant = f"GRANT {_GRANTS[kind]} {name} TO {quoted(login)};"
        problem = f"may not use the {kind} {name}. Run {grant}"
    return RoleUnfitError(
        f"The login {login!r} of LOOPCTL_DATABASE_URL {problem} "
        "docs/database-permissions.md lists all rights that it needs."
    )


def quoted(name: str) -> str:
    """Return a role's name as SQL, in quotes only if it needs them."""
    plain = re.fullmatch(r"[a-z_][a-z0-9_]*", name)
    return name if plain else '"' + name.replace('"', '""') + '"'
