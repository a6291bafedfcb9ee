"""Vendors that no request may reach: nobody listens, or the certificate is not trusted."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import trustme


@contextmanager
def unanswered_address() -> Iterator[str]:
    """Give an address without a path that refuses connections."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


def untrusted_certificate(common_name: str) -> ssl.SSLContext:
    """Return a server's context with a certificate of an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1", common_name=common_name).configure_cert(context)
    return context
