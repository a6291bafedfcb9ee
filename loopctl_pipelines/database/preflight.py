"""Checks before the work begins that the database can be used; errors are one sentence each."""

from dataclasses import dataclass

from psycopg import Connection
from psycopg.errors import InsufficientPrivilege
from psycopg.rows import TupleRow, class_row

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import RoleUnfitError, SchemaMissingError
from loopctl_pipelines.database.missing_rights import missing_right, quoted
from loopctl_pipelines.database.schema_revision import is_upgraded
from loopctl_pipelines.database.server_version import check_server
from loopctl_pipelines.database.session_settings import pin_settings
from loopctl_pipelines.database.sharding import check_sharding
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.database.table_use import TableUse
from loopctl_pipelines.database.vectors import check_vectors

# PostgreSQL 16 added the SET option of a membership; before, every member may SET ROLE
_SET_IS_A_RIGHT = 160000


@dataclass(frozen=True, slots=True)
class _RoleFitness:
    unbound: bool
    owned: list[str]
    unprotected: list[str]
    lacking: list[str]

    def problem(self, role: str) -> str | None:
        if self.unbound:
            return (
                "is a superuser or has BYPASSRLS, so row-level security would not bind it. "
                f"Run ALTER ROLE {quoted(role)} NOSUPERUSER NOBYPASSRLS;"
            )
        if self.owned:
            return (
                f"owns {', '.join(self.owned)}, so row-level security would not bind it. Run "
                + " ".join(f"ALTER TABLE {each} OWNER TO CURRENT_USER;" for each in self.owned)
            )
        if self.unprotected:
            enabled = (f"ALTER TABLE {t} ENABLE ROW LEVEL SECURITY;" for t in self.unprotected)
            return (
                f"is bound by no policy on {', '.join(self.unprotected)}. Run {' '.join(enabled)}"
            )
        if self.lacking:
            return f"lacks {', '.join(self.lacking)}. Run {self._grants(role)}"
        return None

    def _grants(self, role: str) -> str:
        """Return a GRANT for each object, of "<right> on <object>" as `lacking` has them."""
        rights: dict[str, list[str]] = {}
        for right, _, name in (each.partition(" on ") for each in self.lacking):
            rights.setdefault(name if right != "EXECUTE" else f"FUNCTION {name}", []).append(right)
        return " ".join(
            f"GRANT {', '.join(each)} ON {name} TO {quoted(role)};" for name, each in rights.items()
        )


def check_database(database: Database, tables: TableUse) -> None:
    """Reject a database that lacks what the work needs, or that would not isolate tenants.

    Args:
        database: loopctl's database.
        tables: the needs of the work.

    Raises:
        DatabaseNotUsableError: a subclass; the message says what to do.
    """
    with database.connect() as connection:
        check_server(connection)
        pin_settings(connection)
        check_membership(connection, database.role)
        try:
            check_revision(connection)
            if tables.needs_vectors:
                check_vectors(connection)
            check_role(connection, database.role, tables)
            check_sharding(connection, database.role, tables)
        except InsufficientPrivilege as error:
            denied = missing_right(error, connection)
            raise denied from None


def check_membership(connection: Connection[TupleRow], role: str) -> None:
    """Reject a login that may not enter the role; a role that does not exist is not its fault.

    Raises:
        RoleUnfitError: with the GRANT.
    """
    named = connection.info.server_version >= _SET_IS_A_RIGHT
    asked = {"role": role, "set_role": "SET" if named else "MEMBER"}
    found = connection.execute(statement(__package__, "may_enter_role"), asked).fetchone()
    if found == (False,):
        login = connection.info.user
        raise RoleUnfitError(
            f"The login {login!r} of LOOPCTL_DATABASE_URL may not enter the role {role!r} "
            f"(LOOPCTL_DATABASE_ROLE). Run GRANT {quoted(role)} TO {quoted(login)};"
        )


def check_revision(connection: Connection[TupleRow]) -> None:
    """Reject a database whose schema is another version's.

    Raises:
        SchemaMissingError: with the command.
    """
    if not is_upgraded(connection):
        raise SchemaMissingError(
            "The database is not at the schema of this version. Run `loopctl-pipelines db upgrade`."
        )


def check_role(connection: Connection[TupleRow], role: str, tables: TableUse) -> None:
    """Reject a role that lacks rights on the tables, or that no policy binds there.

    The settings of the transaction are pinned.

    Raises:
        RoleUnfitError: with the SQL.
    """
    asked = {
        "role": role,
        "protected": [*tables.read, *tables.written],
        "read": [*tables.read, *tables.written, *tables.unprotected],
        "written": list(tables.written),
        "appended": list(tables.appended),
        "functions": list(tables.functions),
    }
    cursor = connection.cursor(row_factory=class_row(_RoleFitness))
    fitness = cursor.execute(statement(__package__, "role_fitness"), asked).fetchone()
    missing = f"does not exist. Run CREATE ROLE {quoted(role)} NOLOGIN;"
    if problem := fitness.problem(role) if fitness else missing:
        raise RoleUnfitError(f"The role {role!r} (LOOPCTL_DATABASE_ROLE) {problem}")
