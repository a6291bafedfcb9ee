"""A client that speaks bytes, not HTTP."""

import socket
from time import sleep
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import psutil


class Stranger:
    """One connection to a server.

    Attributes:
        ended: whether the server has ended the connection, as far as a send or a read has noticed.
    """

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._socket = socket.create_connection((place.hostname, place.port), timeout=60)
        self.ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send everything, even if the server has ended the connection meanwhile."""
        self.send_while_accepted(data, times=1)

    def send_while_accepted(self, data: bytes, times: int) -> int:
        """Send it over and over. Return how often it was sent whole."""
        for sent in range(times):
            try:
                self._socket.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                self.ended = True
                return sent
        return times

    def drip(self, byte: bytes) -> None:
        """Send it now and then, until the server ends the connection."""
        while not self.ended:
            self.send(byte)
            sleep(0.05)

    def answer(self) -> bytes:
        """Return all that the server sends until it ends the connection."""
        received = b""
        try:
            while part := self._socket.recv(65_536):
                received += part
        except ConnectionResetError:
            pass
        self.ended = True
        return received


def none_is_left(url: str) -> None:
    """Wait until the server, in this process, has no connection open."""
    while _open_connections(urlsplit(url).port):
        sleep(0.05)


def _open_connections(port: int | None) -> int:
    sockets = psutil.Process().net_connections("tcp")
    return sum(1 for each in sockets if each.laddr.port == port and each.raddr)
