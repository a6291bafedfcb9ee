"""Bounds of a client's connections: what a stranger may cost."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The bounds of one server. Each time is a whole: a further byte does not extend it.

    Attributes:
        header_bytes: of one request's URL and headers together.
        header_seconds: from the first byte of a request, or the connection, to its last header.
        exchange_seconds: from the last header until the body has arrived and the answer has begun;
            longer than any honest request takes. Then the client has as long to read the answer.
        idle_seconds: between two requests.
        connections: open at the same time.
        pipelined: requests that wait behind the one that is being answered.
    """

    header_bytes: int = 32_768
    header_seconds: float = 10.0
    exchange_seconds: float = 30.0
    idle_seconds: int = 5
    connections: int = 500
    pipelined: int = 16


LIMITS: Final = ConnectionLimits()
"""The bounds of the command's server."""
