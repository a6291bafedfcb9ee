"""The addresses under which browsers open the UI. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Self
from urllib.parse import urlsplit

_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_ALL_INTERFACES: Final = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Addresses:
    """What a browser may name as Host and as Origin.

    Another name may lead here too, by DNS rebinding: a foreign page's own name that its owner makes
    resolve to this machine. So names are listed. An IP address in Host cannot be rebound.

    Attributes:
        origins: such as `http://127.0.0.1:3000`.
        port: the port under which any IP address is expected as well; None: no other address is.
    """

    origins: frozenset[str]
    port: int | None

    @classmethod
    def of(cls, host: str, port: int, others: Collection[str] = ()) -> Self:
        """Return the addresses of a server.

        Args:
            host: where it listens.
            port: where it listens.
            others: URLs under which a proxy serves it.

        Raises:
            ValueError: if one of the others is no http or https URL.
        """
        own = {origin("http", name, port) for name in (*_LOOPBACK, host)}
        proxied = {_origin_of_url(url) for url in others}
        return cls(frozenset(own | proxied), port if host in _ALL_INTERFACES else None)

    def expect_host(self, host: str) -> bool:
        """Return whether a request may have this Host header."""
        host = host.lower()
        return any(own.partition("://")[2] == host for own in self.origins) or (
            self.port is not None and _is_ip_address(host, self.port)
        )

    def expect_origin(self, named: str, host: str) -> bool:
        """Return whether a request to an expected host may have this Origin header."""
        return named in self.origins or (
            self.port is not None and named == f"http://{host.lower()}"
        )


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a server that listens there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def origin(scheme: str, host: str, port: int) -> str:
    """Return what a browser sends as Origin, such as `http://127.0.0.1:3000`."""
    name = f"[{host}]" if ":" in host else host.lower()
    # browsers leave the default out
    return f"{scheme}://{name}" + ("" if _DEFAULT_PORTS[scheme] == port else f":{port}")


def _origin_of_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"{url} is not an http or https URL")
    return origin(parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme])


def _is_ip_address(host: str, port: int) -> bool:
    try:
        name = urlsplit(f"http://{host}").hostname or ""
        ip_address(name)
        return origin("http", name, port) == f"http://{host}"
    except ValueError:
        return False
