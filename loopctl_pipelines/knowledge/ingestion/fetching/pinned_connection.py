"""A name is resolved once, its addresses are checked, and only those are connected to.

Imports httpcore2, which takes no proxy, cookie or password from anywhere.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import ip_address

import httpcore2

from loopctl_pipelines.knowledge.ingestion.failures import DocumentFailure
from loopctl_pipelines.knowledge.ingestion.fetching.addresses import IPAddress, is_allowed
from loopctl_pipelines.knowledge.ingestion.fetching.web_address import WebAddress

# an address that does not answer leaves the deadline some time for the others
_NEXT_ADDRESS_SECONDS = 3.0

Resolver = Callable[[str, int], Awaitable[Sequence[IPAddress]]]
"""Returns the addresses of a name. Raises OSError if there are none."""

Connector = Callable[[IPAddress, int], Awaitable[httpcore2.AsyncNetworkStream]]
"""Connects to an address and a port. Raises httpcore2.ConnectError."""


async def resolve_name(host: str, port: int) -> Sequence[IPAddress]:
    """Return all addresses of a name, as the system's resolver orders them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(address[0]) for *_, address in found))


async def connect_to(address: IPAddress, port: int) -> httpcore2.AsyncNetworkStream:
    """Connect to an address; nothing is resolved."""
    return await httpcore2.AnyIOBackend().connect_tcp(str(address), port)


async def checked_addresses(
    address: WebAddress, resolve: Resolver
) -> Sequence[IPAddress] | DocumentFailure:
    """Return what may be connected to, or why nothing may: one bad address refuses them all."""
    if address.literal is not None:
        found: Sequence[IPAddress] = [address.literal]
    else:
        try:
            found = await resolve(address.host, address.port)
        except (OSError, UnicodeError):
            return DocumentFailure.NAME_NOT_FOUND
    if not found:
        return DocumentFailure.NAME_NOT_FOUND
    return found if all(map(is_allowed, found)) else DocumentFailure.ADDRESS_NOT_ALLOWED


class PinnedBackend(httpcore2.AsyncNetworkBackend):
    """Connects to the checked addresses, whatever the name has come to mean since.

    TLS still names and verifies the host of the address.
    """

    def __init__(self, addresses: Sequence[IPAddress], connect: Connector) -> None:
        self._addresses = addresses
        self._connect = connect

    async def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - would be resolved again
        port: int,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the whole fetch has a deadline
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore2.AsyncNetworkStream:
        """Return a connection to the first address that answers."""
        *others, last = self._addresses
        for address in others:
            try:
                async with asyncio.timeout(_NEXT_ADDRESS_SECONDS):
                    return await self._connect(address, port)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout, TimeoutError):
                continue
        return await self._connect(last, port)
