"""Checks a PostgreSQL URL before libpq reads it: libpq and the pool repeat what they cannot parse.

A problem names the part and how to write it. It repeats nothing that could belong to a password.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

_KNOWN: Final = """
application_name channel_binding client_encoding connect_timeout dbname
fallback_application_name gssdelegation gssencmode gsslib host hostaddr keepalives
keepalives_count keepalives_idle keepalives_interval krbsrvname load_balance_hosts
max_protocol_version min_protocol_version oauth_client_id oauth_client_secret oauth_issuer
oauth_scope options passfile password port replication require_auth requirepeer scram_client_key
scram_server_key service ssl_max_protocol_version ssl_min_protocol_version sslcert sslcertmode
sslcompression sslcrl sslcrldir sslkey sslkeylogfile sslmode sslnegotiation sslpassword
sslrootcert sslsni target_session_attrs tcp_user_timeout user
"""

PARAMETERS: Final = frozenset(_KNOWN.split())
"""What libpq accepts after the `?`."""

_SCHEME = re.compile(r"postgres(?:ql)?://")
_UNENCODED = re.compile(r"[\s\x00-\x1f\x7f]")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[\w.~%-]*)(?::(?P<port>.*))?")
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}")
SECRETS: Final = (
    "password",
    "sslpassword",
    "oauth_client_secret",
    "scram_client_key",
    "scram_server_key",
)
"""Parameters that nobody may see."""

_WHOLE = (
    "connect_timeout",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "tcp_user_timeout",
)
_CHOICES: Final = {
    "channel_binding": ("disable", "prefer", "require"),
    "gssencmode": ("disable", "prefer", "require"),
    "load_balance_hosts": ("disable", "random"),
    "sslcertmode": ("disable", "allow", "require"),
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "target_session_attrs": (
        "any",
        "read-write",
        "read-only",
        "primary",
        "standby",
        "prefer-standby",
    ),
}
_LAST_PORT = 65535


def problem_of(url: str) -> str | None:
    """Return what is wrong with a URL, as the end of a sentence; None if libpq can parse it."""
    return next(_problems(url), None)


def _problems(url: str) -> Iterator[str]:
    scheme = _SCHEME.match(url)
    if scheme is None:
        yield "must start with postgresql:// (a libpq URL)"
        return
    if _UNENCODED.search(url):
        yield "must not hold a blank or a line break: write %20 or %0A, also in the password"
    if _STRAY_PERCENT.search(url):
        yield "must have each % that encodes nothing written as %25, also in the password"
    if not _is_utf8(url):
        yield "must be UTF-8, also where it is percent-encoded"
    rest = url[scheme.end() :]
    login, at, address = rest.partition("@")
    if at and "/" in login:
        yield "must have no / before the @: write %2F in the user and the password"
    if "@" in address:
        yield "must have one @, before the host: write any other as %40, also in the password"
    yield from _address_problems(address if at else rest)


def _address_problems(address: str) -> Iterator[str]:
    path, _, query = address.partition("?")
    hosts, _, database = path.partition("/")
    for each in hosts.split(","):
        parts = _HOST.fullmatch(each)
        if parts is None:
            yield "must have a host name, an IP address or [an IPv6 address] as its host"
        elif parts["port"] and not _is_port(parts["port"]):
            yield f"must have a number from 1 to {_LAST_PORT} as its port, after the host and a :"
    if "/" in database:
        yield "must have one / after the host, before the database's name: write any other as %2F"
    if query:
        yield from _parameter_problems(query)


def _parameter_problems(query: str) -> Iterator[str]:
    pairs = [pair.split("=") for pair in query.split("&")]
    if any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004 - a name and a value
        yield "must have name=value after the ?, separated by &: write %26 and %3D inside a value"
        return
    # after an & that was not encoded, a name is the rest of a password
    secret = any(name in SECRETS for name, _ in pairs)
    for name, value in pairs:
        if name not in PARAMETERS and (name, value) != ("ssl", "true"):
            shown = f" {name!r}" if _NAME.fullmatch(name) and not secret else ""
            yield f"has a parameter{shown} after the ? that PostgreSQL's libpq does not know"
        elif name in _WHOLE and not _WHOLE_NUMBER.fullmatch(value):
            yield f"must have a whole number as {name}"
        elif name == "port" and not all(map(_is_port, value.split(","))):
            yield f"must have a number from 1 to {_LAST_PORT} as {name}"
        elif name in _CHOICES and value not in _CHOICES[name]:
            yield f"must have {', '.join(_CHOICES[name][:-1])} or {_CHOICES[name][-1]} as {name}"


def _is_utf8(url: str) -> bool:
    try:
        url.encode()
        unquote(url, errors="strict")
    except UnicodeError:
        return False
    return True


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= _LAST_PORT
