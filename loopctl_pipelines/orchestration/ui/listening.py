"""Occupies the address of the UI, before anything else is started."""

import os
import socket

from loopctl_pipelines.orchestration.errors import UiAddressError


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there.

    Raises:
        UiAddressError: if that is not possible, for example because the port is taken.
    """
    try:
        [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        listening = socket.socket(family, kind, protocol)
        try:
            # the address of a UI that has just ended is free again
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(2048)
        except OSError:
            listening.close()
            raise
    except socket.gaierror:
        raise UiAddressError(host, port, "unknown host") from None
    except OSError as cause:
        raise UiAddressError(host, port, os.strerror(cause.errno or 0)) from None
    return listening
