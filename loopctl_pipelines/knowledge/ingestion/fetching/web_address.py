"""An address of the web, parsed strictly: one meaning, or refused. Pure."""

import re
from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

import idna

from loopctl_pipelines.knowledge.ingestion.failures import DocumentFailure
from loopctl_pipelines.knowledge.ingestion.fetching.addresses import IPAddress

MOST_CHARACTERS: Final = 8_192
DEFAULT_PORTS: Final = {"http": 80, "https": 443}

# blanks, controls and backslashes: parsers disagree about them; half a character has no UTF-8
_NOT_IN_AN_ADDRESS = re.compile(r"[\s\\\x00-\x20\x7f-\xa0\ud800-\udfff]")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
# some parsers look for the host after the first `@`, or before or behind the brackets
_AUTHORITY = re.compile(r"(?:[^@]*@)?(?:[^@\[\]]*|\[[^@\[\]]*\](?::[0-9]*)?)")
# the forms of an IPv4 address that only some parsers read: 2852039166, 0xa9fea9fe, 0251.0376.1
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
_KEPT_IN_TARGET = "%/:?#[]@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A parsed address. Its repr shows no userinfo and no query.

    Attributes:
        scheme: `http` or `https`.
        host: a name in ASCII, or an IP address without brackets.
        port: the port.
        path: percent-encoded, at least `/`.
        literal: the host, if it is an IP address.
        query: percent-encoded, without `?`; None: there is none.
        userinfo: as given, still percent-encoded; None: there is none.
    """

    scheme: str
    host: str
    port: int
    path: str
    literal: IPAddress | None = None
    query: str | None = field(default=None, repr=False)
    userinfo: str | None = field(default=None, repr=False)

    @property
    def authority(self) -> str:
        """Host and port, as in the header Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.authority}"

    @property
    def shown(self) -> str:
        """The address without userinfo, query and fragment: what may be stored and logged."""
        return f"{self.origin}{self.path}"

    @property
    def target(self) -> str:
        """What is sent to the server: path and query."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    @property
    def has_secret(self) -> bool:
        """Whether the address has a part that is not shown and is sent."""
        return self.userinfo is not None or self.query is not None

    @property
    def authorization(self) -> str | None:
        """The header Authorization that the userinfo means."""
        if self.userinfo is None:
            return None
        user, _, password = self.userinfo.partition(":")
        credentials = f"{unquote(user)}:{unquote(password)}".encode()
        return f"Basic {b64encode(credentials).decode('ascii')}"


def parse_address(text: str, ports: Collection[int]) -> WebAddress | DocumentFailure:
    """Parse an address, or return why it is refused.

    Args:
        text: the whole address.
        ports: allowed ports.
    """
    if len(text) > MOST_CHARACTERS or _NOT_IN_AN_ADDRESS.search(text):
        return DocumentFailure.INVALID_URL
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname
    except ValueError:
        return DocumentFailure.INVALID_URL
    if parts.scheme not in DEFAULT_PORTS:
        return DocumentFailure.SCHEME_NOT_ALLOWED if parts.scheme else DocumentFailure.INVALID_URL
    parsed = _host(host or "", is_bracketed="[" in parts.netloc)
    if parsed is None or _AUTHORITY.fullmatch(parts.netloc) is None:
        return DocumentFailure.INVALID_URL
    name, literal = parsed
    if port is None:
        port = DEFAULT_PORTS[parts.scheme]
    if port not in ports:
        return DocumentFailure.PORT_NOT_ALLOWED
    return WebAddress(
        scheme=parts.scheme,
        host=name,
        port=port,
        path=quote(parts.path or "/", safe=_KEPT_IN_TARGET),
        literal=literal,
        query=quote(parts.query, safe=_KEPT_IN_TARGET) if parts.query else None,
        userinfo=_userinfo(parts),
    )


def _userinfo(parts: SplitResult) -> str | None:
    userinfo, at, _ = parts.netloc.rpartition("@")
    return userinfo if at and userinfo.strip(":") else None


def _host(host: str, *, is_bracketed: bool) -> tuple[str, IPAddress | None] | None:
    if is_bracketed:
        try:
            six = IPv6Address(host)
        except AddressValueError:
            return None
        return None if six.scope_id else (str(six), six)
    try:
        # maps fullwidth digits and other full stops, as a resolver's library may do later
        name = idna.uts46_remap(host, std3_rules=False, transitional=False).lower()
        if not name.isascii():
            name = idna.encode(name).decode("ascii")
    except idna.IDNAError:
        return None
    name = name.removesuffix(".")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        try:
            four = IPv4Address(name)
        except AddressValueError:
            return None
        return str(four), four
    return (name, None) if _NAME.fullmatch(name) else None
