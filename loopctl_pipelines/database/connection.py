"""Transactions on loopctl's database. Only `tenant_transaction` reaches tenant data."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from loopctl_pipelines.database.connection_failures import connection_failure
from loopctl_pipelines.database.connection_pool import NotingPool
from loopctl_pipelines.database.missing_rights import missing_right
from loopctl_pipelines.database.session_settings import (
    pinned_settings,
    vector_schema,
)

TenantConnection = Connection[TupleRow]

_CONNECT_SECONDS = 10.0

_BEGIN = sql.SQL("BEGIN ISOLATION LEVEL READ COMMITTED; ")
# JIT compiles for longer than a tenant's statement runs: 14 s became 3.1 s for 1,000 tenants.
_TENANT_SETTINGS = sql.SQL(
    "; SET LOCAL ROLE {role}; SET LOCAL jit = off"
    "; SET LOCAL idle_in_transaction_session_timeout = {milliseconds}"
)
_TIMEOUT = sql.SQL("; SET LOCAL statement_timeout = {milliseconds}")


def connect(
    url: str, to: str = "loopctl's database", setting: str = "LOOPCTL_DATABASE_URL"
) -> TenantConnection:
    """Connect to a libpq URL. The error message names the database `to` and the `setting`.

    Raises:
        DatabaseUnreachableError: if nothing answers, or the login is rejected.
    """
    try:
        # a pooler may give each transaction another session, without what an earlier one prepared
        return psycopg.connect(url, connect_timeout=round(_CONNECT_SECONDS), prepare_threshold=None)
    except psycopg.Error as error:
        failure = connection_failure(error, url, to, setting)
    raise failure from None


@dataclass(frozen=True, slots=True)
class _Beginnings:
    """The statements that transactions begin with, rendered once: it takes psycopg 0.07 ms.

    Attributes:
        operator: of the login role.
        tenant: of a tenant, without its id.
    """

    operator: bytes
    tenant: bytes


class Database:
    """A bounded pool of connections to loopctl's database. Threads may share it.

    Attributes:
        idle_seconds: after so long without a statement the server ends a tenant's transaction; the
            locks of a process that is suspended would block all others.
    """

    def __init__(
        self,
        url: str | Callable[[], str],
        role: str,
        *,
        connections: int = 4,
        patience: float = _CONNECT_SECONDS,
        statement_seconds: float | None = None,
    ) -> None:
        """Configure the pool; it connects at the first transaction.

        Args:
            url: libpq URL, or a function that returns it. The function is called when a connection
                is made, so loading the definitions starts no server.
            role: the role of tenant transactions; row-level security must bind it.
            connections: size of the pool.
            patience: seconds to wait for a connection.
            statement_seconds: statement_timeout of every transaction; None: the server's setting.
        """
        self.connections = connections
        self.role = role
        self.patience = patience
        self.idle_seconds = 60.0
        self._url = url
        self._beginnings: _Beginnings | None = None
        self._timeout: sql.Composable = sql.SQL("")
        if statement_seconds is not None:
            self._timeout = _TIMEOUT.format(milliseconds=round(statement_seconds * 1000))
        self._pool = NotingPool(url, connections, patience)

    @contextmanager
    def tenant_transaction(
        self, tenant_id: UUID, *, lock_seconds: float | None = None
    ) -> Iterator[TenantConnection]:
        """Open a transaction that sees and writes the rows of this one tenant only.

        It commits when the block ends and rolls back when the block raises.

        Args:
            tenant_id: the tenant.
            lock_seconds: lock_timeout of the transaction; None: the server's setting.

        Raises:
            DatabaseUnreachableError: if no connection is available in time.
        """
        # a literal: a sharded PostgreSQL passes SET LOCAL to its shards, set_config() not
        settings = f"; SET LOCAL app.current_tenant_id = '{UUID(str(tenant_id))}'"
        if lock_seconds is not None:
            settings += f"; SET LOCAL lock_timeout = {round(lock_seconds * 1000)}"
        with self._connection() as connection:
            begin = self._pinned(connection).tenant + settings.encode()
            with _transaction(connection, begin):
                yield connection

    @contextmanager
    def operator_transaction(self) -> Iterator[TenantConnection]:
        """Open a transaction of the login role, which row-level security does not bind.

        Only for a domain's `operator_queries` and for the schema.

        Raises:
            DatabaseUnreachableError: if no connection is available in time.
            RoleUnfitError: if the login lacks a right.
        """
        with self._connection() as connection:
            try:
                with _transaction(connection, self._pinned(connection).operator):
                    yield connection
            except psycopg.errors.InsufficientPrivilege as error:
                denied = missing_right(error, connection)
                raise denied from None

    def connect(self) -> TenantConnection:
        """Return a connection outside the pool, which fails at once where the pool would retry.

        Raises:
            DatabaseUnreachableError: if nothing answers, or the login is rejected.
        """
        return connect(self._url() if callable(self._url) else self._url)

    def close(self) -> None:
        """Close every connection. The object cannot be used afterwards."""
        self._pool.close()

    def _pinned(self, connection: TenantConnection) -> _Beginnings:
        """Return how transactions begin; `connection` is in none."""
        if self._beginnings is None:
            # looked up as the login: the role need not see the catalog of extensions
            schema = vector_schema(connection)
            operator = _BEGIN + pinned_settings(schema) + self._timeout
            tenant = operator + _TENANT_SETTINGS.format(
                role=sql.Identifier(self.role), milliseconds=round(self.idle_seconds * 1000)
            )
            found = _Beginnings(operator.as_bytes(connection), tenant.as_bytes(connection))
            if schema is None:
                # looked up until it is found: `db upgrade` may install the extension meanwhile
                return found
            self._beginnings = found
        return self._beginnings

    @contextmanager
    def _connection(self) -> Iterator[TenantConnection]:
        taken = self._pool.getconn()
        try:
            yield taken
        finally:
            self._pool.putconn(taken)


@contextmanager
def _transaction(connection: TenantConnection, begin: bytes) -> Iterator[None]:
    """Run the block in a transaction that begins with these statements.

    They cost one round trip; `connection.transaction()` takes another one for BEGIN.
    """
    try:
        connection.execute(begin, prepare=False)
        yield
    except BaseException:
        # a broken connection cannot roll back; the first error says why
        with suppress(psycopg.Error):
            connection.rollback()
        raise
    connection.commit()
