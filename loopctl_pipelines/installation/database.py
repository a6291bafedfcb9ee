"""What commands need of loopctl's database, from the connection to the last right."""

import ipaddress
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import psycopg

from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.errors import (
    DatabaseUnreachableError,
    SchemaMissingError,
    SchemaTooOldError,
)
from loopctl_pipelines.database.login_rights import check_unbound
from loopctl_pipelines.database.missing_rights import missing_right
from loopctl_pipelines.database.preflight import check_membership, check_revision, check_role
from loopctl_pipelines.database.schema_revision import is_upgraded
from loopctl_pipelines.database.server_version import check_server
from loopctl_pipelines.database.session_settings import pin_settings
from loopctl_pipelines.database.sharding import check_sharding, is_sharded
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.database.table_use import TableUse
from loopctl_pipelines.database.vectors import check_vectors, has_pgvector
from loopctl_pipelines.installation.requirement import (
    Requirement,
    RequirementState,
    examine,
    not_checked,
)
from loopctl_pipelines.installation.rights import (
    LOGIN_RIGHTS,
    LOGIN_RIGHTS_OF_API,
    LOGIN_RIGHTS_OF_KNOWLEDGE,
    TABLES_OF_SOME_COMMANDS,
    TABLES_OF_WORK,
    Rights,
    check_job_queue,
    check_login_rights,
    check_schemas,
)

_Test = Callable[[TenantConnection], str]

# SQLSTATEs of a server that answered and rejected the login
_REJECTED = ("28", "3D", "42")


def database_requirements(database: Database) -> Iterator[Requirement]:
    """Yield the requirements in an order in which each needs those before it."""
    try:
        connection = database.connect()
    except DatabaseUnreachableError as error:
        rejected = error.sqlstate.startswith(_REJECTED)
        if rejected:
            yield Requirement("server", RequirementState.OK, "answers")
        name = "login" if rejected else "server"
        yield Requirement(name, RequirementState.FAILED, str(error))
        yield not_checked("the rest of the database", name)
        return
    with closing(connection):
        connection.autocommit = True
        yield Requirement("server", RequirementState.OK, "answers")
        yield tls_requirement(in_use=connection.pgconn.ssl_in_use, address=connection.info.hostaddr)
        yield _login(connection)
        yield from _Tested(connection, database.role).requirements()


def tls_requirement(*, in_use: bool, address: str) -> Requirement:
    """Return whether the connection is encrypted, or local.

    Args:
        in_use: whether TLS is in use.
        address: the server's IP address; empty for a socket.
    """
    if in_use:
        return Requirement("TLS", RequirementState.OK, "in use")
    if not address or ipaddress.ip_address(address).is_loopback:
        return Requirement("TLS", RequirementState.OK, "not in use, on this machine")
    return Requirement(
        "TLS",
        RequirementState.WARNING,
        "not in use: what is sent can be read on the way. Set sslmode=require (or verify-full) in "
        "LOOPCTL_DATABASE_URL.",
    )


def _login(connection: TenantConnection) -> Requirement:
    how = "with a password" if connection.pgconn.used_password else "without a password"
    return Requirement("login", RequirementState.OK, f"{connection.info.user}, {how}")


@dataclass(frozen=True, slots=True)
class _Tested:
    """The tests that need a connection, each in a transaction of its own."""

    connection: TenantConnection
    role: str

    def requirements(self) -> Iterator[Requirement]:
        yield self._examine("server version", _server_version)
        vectors = self._examine("pgvector", _pgvector, RequirementState.WARNING)
        yield vectors
        role = self._examine("role", self._role_is_bound)
        yield role
        yield (
            self._examine("membership", self._membership)
            if role.state is RequirementState.OK
            else not_checked("membership", role.name)
        )
        revision = self._examine("schema revision", _revision)
        yield revision
        for needed in (role, revision):
            if needed.state is not RequirementState.OK:
                yield not_checked("BYPASSRLS and rights", needed.name)
                return
        yield self._examine("schemas", lambda connection: check_schemas(connection, self.role))
        yield self._examine("BYPASSRLS", _sees_all_tenants)
        yield from self._rights(vectors=vectors.state is RequirementState.OK)
        if is_sharded(self.connection):
            yield self._examine("sharding", self._sharding)

    def _rights(self, *, vectors: bool) -> Iterator[Requirement]:
        for work, tables in TABLES_OF_WORK.items():
            yield self._role_rights(work, tables, vectors=vectors)
        yield self._examine("rights for webhooks", self._job_queue)
        yield self._login_rights("rights of the login", LOGIN_RIGHTS)
        of_articles = "login's rights on articles"
        yield (
            self._login_rights(of_articles, LOGIN_RIGHTS_OF_KNOWLEDGE)
            if vectors
            else not_checked(of_articles, "pgvector")
        )
        for work, tables in TABLES_OF_SOME_COMMANDS.items():
            yield self._role_rights(work, tables, RequirementState.WARNING, vectors=vectors)
        of_api = "rights of the login (API)"
        yield self._login_rights(of_api, LOGIN_RIGHTS_OF_API, RequirementState.WARNING)

    def _sharding(self, connection: TenantConnection) -> str:
        for tables in (*TABLES_OF_WORK.values(), *TABLES_OF_SOME_COMMANDS.values()):
            check_sharding(connection, self.role, tables)
        return "every table of a tenant is distributed"

    def _role_rights(
        self,
        work: str,
        tables: TableUse,
        otherwise: RequirementState = RequirementState.FAILED,
        *,
        vectors: bool,
    ) -> Requirement:
        def complete(connection: TenantConnection) -> str:
            check_role(connection, self.role, tables)
            return "complete"

        name = f"rights for {work}"
        if tables.needs_vectors and not vectors:
            return not_checked(name, "pgvector")
        return self._examine(name, complete, otherwise)

    def _login_rights(
        self, name: str, rights: Rights, otherwise: RequirementState = RequirementState.FAILED
    ) -> Requirement:
        def complete(connection: TenantConnection) -> str:
            check_login_rights(connection, rights)
            return "complete"

        return self._examine(name, complete, otherwise)

    def _role_is_bound(self, connection: TenantConnection) -> str:
        check_role(connection, self.role, TableUse())
        return f"{self.role}, which row-level security binds"

    def _membership(self, connection: TenantConnection) -> str:
        check_membership(connection, self.role)
        return f"the login may enter {self.role}"

    def _job_queue(self, connection: TenantConnection) -> str:
        check_job_queue(connection, self.role)
        return "complete"

    def _examine(
        self, name: str, test: _Test, otherwise: RequirementState = RequirementState.FAILED
    ) -> Requirement:
        return examine(name, lambda: self._run(test), otherwise=otherwise)

    def _run(self, test: _Test) -> str:
        """Run a test in a transaction with pinned settings.

        Raises:
            PipelinesError: the test's own, or a typed one for what the server refuses.
        """
        try:
            with self.connection.transaction():
                pin_settings(self.connection)
                return test(self.connection)
        except psycopg.errors.InsufficientPrivilege as error:
            failure = missing_right(error, self.connection)
            raise failure from None
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction):
            raise SchemaTooOldError(
                "A table, view or function is missing. Run loopctl's own migrations, then "
                "`loopctl-pipelines db upgrade`."
            ) from None


def _server_version(connection: TenantConnection) -> str:
    check_server(connection)
    return f"PostgreSQL {connection.info.parameter_status('server_version')}"


def _pgvector(connection: TenantConnection) -> str:
    on_server = has_pgvector(connection)
    if not on_server or is_upgraded(connection):
        check_vectors(connection)
    found = connection.execute(statement(__package__, "installed_vector")).fetchone()
    if found is None:
        raise SchemaMissingError(
            "pgvector is on the server, not yet in this database. Run CREATE EXTENSION vector; "
            "as a superuser, or `loopctl-pipelines db upgrade`."
        )
    version, schema = found
    return f"{version}, in the schema {schema}"


def _revision(connection: TenantConnection) -> str:
    check_revision(connection)
    found = connection.execute("SELECT version_num FROM loopctl_pipelines.alembic_version")
    (revision,) = found.fetchone() or ("none",)
    return str(revision)


def _sees_all_tenants(connection: TenantConnection) -> str:
    check_unbound(connection, "cost_summaries")
    return "the login sees all tenants"
