"""Whose API key a request presents: this lookup crosses tenants, for the key names its own."""

from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.api.access.api_key import ApiKey
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import RoleUnfitError
from loopctl_pipelines.database.login_rights import bound_login
from loopctl_pipelines.database.statements import statement


def find_api_key(database: Database, key_hash: str, impersonate: UUID | None) -> ApiKey | None:
    """Return the key with this hash; None if it is unknown, revoked or expired.

    Args:
        database: loopctl's database.
        key_hash: SHA-256 of the whole raw key, as lowercase hexadecimal digits.
        impersonate: the tenant to impersonate; looked up for a superadmin's key only.
    """
    parameters = {"key_hash": key_hash, "impersonate": impersonate}
    with database.operator_transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(ApiKey))
        return cursor.execute(statement(__package__, "find_api_key"), parameters).fetchone()


def note_key_use(database: Database, key_id: UUID) -> None:
    """Write `last_used_at` of a key, unless it was written within the last minute."""
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, "note_key_use"), {"id": key_id})


def check_key_lookup(database: Database) -> None:
    """Reject a login that would find no key, before every request is answered with 401.

    Raises:
        RoleUnfitError: if row-level security binds the login, or it or the role lacks a right.
    """
    with database.operator_transaction() as connection:
        parameters = {"role": database.role}
        row = connection.execute(
            statement(__package__, "key_lookup_fitness"), parameters
        ).fetchone()
        login = connection.info.user
    bound, lacking = row or (True, [])
    if bound:
        raise bound_login("api_keys", login)
    if lacking:
        raise RoleUnfitError(f"The API cannot serve: {', '.join(lacking)}. Grant these rights.")
