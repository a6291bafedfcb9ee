"""Checks that row-level security does not hide rows from operator queries."""

from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.errors import RoleUnfitError
from loopctl_pipelines.database.missing_rights import quoted
from loopctl_pipelines.database.statements import statement


def check_sees_all_tenants(database: Database, table: str) -> None:
    """Reject a login that sees no tenant's rows and would find no work to do.

    Raises:
        RoleUnfitError: if row-level security binds the login on the table.
    """
    with database.operator_transaction() as connection:
        check_unbound(connection, table)


def check_unbound(connection: TenantConnection, table: str) -> None:
    """Reject the login of the connection if it sees no tenant's rows in the table.

    Raises:
        RoleUnfitError: if row-level security binds the login on the table.
    """
    bound = connection.execute(statement(__package__, "is_bound"), {"table": table}).fetchone()
    if bound != (False,):
        raise bound_login(table, connection.info.user)


def bound_login(table: str, login: str) -> RoleUnfitError:
    """Return the error of a login that row-level security binds on the table."""
    return RoleUnfitError(
        f"The login of LOOPCTL_DATABASE_URL is bound by row-level security on {table}, so it "
        f"would find no tenant's rows there. Run ALTER ROLE {quoted(login)} BYPASSRLS; as a "
        "superuser, or use a login with BYPASSRLS, as loopctl's own has."
    )
