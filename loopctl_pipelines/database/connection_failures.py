"""Why a connection failed: the kind, from libpq's text, which is never repeated.

libpq gives no SQLSTATE for a failed connection. Its own texts are always English; a server that
writes another language gets the general sentence.
"""

import re
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.postgres_url import problem_of


@dataclass(frozen=True, slots=True)
class _Failure:
    """A kind of failure.

    Attributes:
        sqlstate: the code that PostgreSQL has for it.
        texts: what libpq or the server writes, as a pattern.
        problem: what is wrong.
        advice: what to do; `{setting}`, `{user}`, `{database}` are filled in.
    """

    sqlstate: str
    texts: str
    problem: str
    advice: str

    def matches(self, text: str) -> bool:
        return re.search(self.texts, text) is not None


_UNKNOWN: Final = _Failure(
    "08001",
    "",
    "the server did not answer, or refused",
    "Check {setting} (host, port, name, user and password) and that the server runs.",
)
# the first that matches: several hosts give several texts, and TLS is mentioned beside others
_FAILURES: Final = (
    _Failure(
        "28P01",
        "password authentication failed|SASL authentication failed|no password supplied"
        "|wrong password",
        "the password is missing or wrong, or there is no such user",
        "Check the user and the password in {setting}.",
    ),
    _Failure(
        "28000",
        'role ".*" does not exist|no such user',
        "there is no such user",
        "Check the user in {setting}.",
    ),
    _Failure(
        "28000",
        "is not permitted to log in",
        "the role may not log in",
        "Run ALTER ROLE {user} LOGIN; as a superuser, or give another user in {setting}.",
    ),
    _Failure(
        "3D000",
        'database ".*" does not exist|no such database',
        "there is no such database",
        "Check the database's name in {setting}.",
    ),
    _Failure(
        "42501",
        "permission denied for database",
        "the user may not connect to the database",
        "Run GRANT CONNECT ON DATABASE {database} TO {user}; as the database's owner.",
    ),
    _Failure(
        "53300",
        "too many (clients|connections)|remaining connection slots|no more connections allowed",
        "it has too many connections (of the server, the database or the role)",
        "Lower LOOPCTL_CONNECTIONS (and LOOPCTL_API_CONNECTIONS), or raise max_connections or the "
        "CONNECTION LIMIT of the role.",
    ),
    _Failure(
        "57P03",
        "is starting up|not yet accepting connections|in recovery mode|is shutting down"
        "|not accepting connections",
        "the server is starting, stopping or recovering",
        "Try again in a minute; if it stays so, read the server's log.",
    ),
    _Failure(
        "08001",
        "session is not read-only|not in hot standby mode",
        "the server is not of the kind that target_session_attrs demands",
        "Leave target_session_attrs out of {setting}.",
    ),
    _Failure(
        "25006",
        "session is read-only|in hot standby mode",
        "the server is read-only, such as a standby",
        "Give the primary server in {setting}.",
    ),
    _Failure(
        "08001",
        "server does not support (SSL|TLS)|SSL required",
        "the URL demands TLS, and the server does not offer it",
        "Turn TLS on in the server, or leave sslmode out of {setting}.",
    ),
    _Failure(
        "08001",
        "certificate",
        "the server's or the client's TLS certificate was not accepted",
        "Check sslmode, sslrootcert, sslcert and sslkey in {setting}.",
    ),
    # sslmode=prefer has tried both
    _Failure(
        "28000",
        r"pg_hba\.conf.*(SSL encryption|SSL on)",
        "the server's pg_hba.conf refuses this user, database or address",
        "Add an entry to pg_hba.conf, or check {setting}.",
    ),
    _Failure(
        "28000",
        r"pg_hba\.conf",
        "the server's pg_hba.conf refuses this user, database or address without TLS",
        "Add sslmode=require to {setting}, or an entry to pg_hba.conf.",
    ),
    _Failure(
        "08001",
        "authentication method requirement",
        "the server does not authenticate in the way that require_auth demands",
        "Leave require_auth out of {setting}, and PGREQUIREAUTH out of the environment.",
    ),
    _Failure(
        "08P01",
        "expected authentication request|invalid response to SSL|server sent an error response"
        "|unsupported frontend protocol",
        "something other than PostgreSQL answers there",
        "Check host and port in {setting}.",
    ),
    _Failure(
        "28000",
        "authentication",
        "the login was rejected",
        "Check the user in {setting}, and how the server authenticates it (pg_hba.conf).",
    ),
    _Failure(
        "08001",
        "failed to resolve host|could not translate host name",
        "the host's name is unknown",
        "Check the host in {setting}.",
    ),
    _Failure(
        "08001",
        "Connection refused|No such file or directory",
        "nothing listens there",
        "Check host and port in {setting}, and that the server runs.",
    ),
    _Failure(
        "08001",
        "timeout expired|timed out|No route to host|unreachable",
        "nothing answers there",
        "Check host and port in {setting}, and the network and firewalls on the way.",
    ),
    _Failure(
        "08001",
        "invalid .* value|invalid integer value|invalid URI|invalid connection option"
        "|configuration parameter|value for parameter|startup parameter|command-line argument"
        "|service",
        "a parameter of the URL or of the environment (PG*) cannot be used",
        "Check what follows the ? in {setting}, and the variables that begin with PG.",
    ),
)


def connection_failure(
    error: Exception,
    url: str,
    to: str = "loopctl's database",
    setting: str = "LOOPCTL_DATABASE_URL",
) -> DatabaseUnreachableError:
    """Return the typed error of a failed attempt to connect.

    Args:
        error: the driver's error.
        url: the libpq URL; host, port, name and user are shown, the password never.
        to: what the database is, for the message.
        setting: the setting that holds the URL.
    """
    if "://" in url and (problem := problem_of(url)):
        return DatabaseUnreachableError(f"{setting} {problem}.")
    text = str(error)
    failure = next((each for each in _FAILURES if each.matches(text)), _UNKNOWN)
    parts = _parts(url)
    advice = failure.advice.format(
        setting=setting,
        user=parts.get("user", "..."),
        database=parts.get("dbname", "..."),
    )
    return DatabaseUnreachableError(
        f"No connection to {to} ({place_of(url)}): {failure.problem}. {advice}", failure.sqlstate
    )


def place_of(url: str) -> str:
    """Return host, port, database and user of a libpq URL, as far as it has them."""
    parts = _parts(url)
    names = {"host": "host", "port": "port", "database": "dbname", "user": "user"}
    return ", ".join(f"{name} {parts[key]}" for name, key in names.items() if key in parts)


def _parts(url: str) -> dict[str, str]:
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        return {}
    shown = {"port": "5432"} | {key: str(value) for key, value in parts.items() if value}
    # a name may hold anything, a line break too
    return {k: v if v.isprintable() else repr(v) for k, v in shown.items() if k != "password"}
