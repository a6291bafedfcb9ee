"""Transactions on loopctl's database. Tenant data is reached by `tenant_transaction` only."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from psycopg import Connection, OperationalError, sql
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from loopctl_pipelines.errors import DatabaseUnreachableError

TenantConnection = Connection[TupleRow]

_CONNECT_SECONDS = 10.0

# JIT compiles for longer than a tenant's statement runs: 14 s became 3.1 s for 1,000 tenants.
# The tenant is a literal: a sharded PostgreSQL hands SET LOCAL on to its shards, set_config() not.
_ENTER_TENANT = sql.SQL(
    "SET LOCAL ROLE {role}; "
    "SET LOCAL app.current_tenant_id = {tenant}; "
    "SET LOCAL TimeZone = 'UTC'; "
    "SET LOCAL jit = off"
)


class Database:
    """A bounded pool of connections to loopctl's database. Threads may share it."""

    def __init__(self, url: str, role: str, *, connections: int = 4) -> None:
        """Take the libpq `url`, the RLS `role` of tenant transactions, and the pool's bound."""
        self.connections = connections
        self._role = role
        self._pool: ConnectionPool[TenantConnection] = ConnectionPool(
            url, min_size=0, max_size=connections, timeout=_CONNECT_SECONDS, open=False
        )

    @contextmanager
    def tenant_transaction(self, tenant_id: UUID) -> Iterator[TenantConnection]:
        """Give out a transaction that sees and writes this one tenant's rows, and no others.

        It commits when the block ends and rolls back when the block raises.

        Raises:
            DatabaseUnreachableError: if no connection is to be had.
        """
        enter = _ENTER_TENANT.format(
            role=sql.Identifier(self._role), tenant=sql.Literal(str(UUID(str(tenant_id))))
        )
        with self._connection() as connection, connection.transaction():
            connection.execute(enter)
            yield connection

    @contextmanager
    def operator_transaction(self) -> Iterator[TenantConnection]:
        """Give out a transaction of the login role, which row-level security does not bind.

        For the cross-tenant reads in `tenants.queries` (ids and counts) and for the schema.

        Raises:
            DatabaseUnreachableError: if no connection is to be had.
        """
        with self._connection() as connection, connection.transaction():
            connection.execute("SET LOCAL TimeZone = 'UTC'")
            yield connection

    def close(self) -> None:
        """Close every connection. The object cannot be used afterwards."""
        self._pool.close()

    @contextmanager
    def _connection(self) -> Iterator[TenantConnection]:
        self._pool.open()
        try:
            taken = self._pool.getconn()
        except (PoolTimeout, OperationalError):
            raise DatabaseUnreachableError(
                f"No connection to loopctl's database within {_CONNECT_SECONDS:.0f} s. "
                "Check LOOPCTL_DATABASE_URL and that the server runs."
            ) from None
        try:
            yield taken
        finally:
            self._pool.putconn(taken)
