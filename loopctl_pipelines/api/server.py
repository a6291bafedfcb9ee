"""Runs the API until it receives SIGTERM or SIGINT."""

import logging
import signal
from functools import partial
from typing import TYPE_CHECKING, cast

import uvicorn
from fastapi import FastAPI

from loopctl_pipelines.api.bounded_connection import BoundedConnection
from loopctl_pipelines.api.connection_limits import LIMITS, ConnectionLimits
from loopctl_pipelines.api.errors import AddressNotUsableError
from loopctl_pipelines.terminal import log_to_stderr

if TYPE_CHECKING:
    from asyncio import Protocol

_GRACE_SECONDS = 20
"""Seconds that running requests have to end at shutdown; longer than any request may take."""


# accepted in one go, before a connection can be refused: fewer than there are file descriptors
_BACKLOG = 128


def server_config(
    app: FastAPI, host: str, port: int, limits: ConnectionLimits = LIMITS
) -> uvicorn.Config:
    """Return the configuration of the server. Port 0 is one that is free."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=cast("type[Protocol]", partial(BoundedConnection, limits)),
        # the connection would be handed to a protocol without bounds
        ws="none",
        backlog=_BACKLOG,
        timeout_keep_alive=limits.idle_seconds,
        log_config=None,
        # the request log has routes instead of paths
        access_log=False,
        server_header=False,
        # nothing here depends on the client address that a proxy header claims
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def serve(app: FastAPI, host: str, port: int, log_format: str) -> None:
    """Serve until SIGTERM or SIGINT, finish the running requests, and return.

    Raises:
        AddressNotUsableError: if the address cannot be listened on.
    """
    log_to_stderr(logging.INFO, log_format)
    server = uvicorn.Server(server_config(app, host, port))
    # uvicorn raises the signal again after shutdown, for the previous handler
    before = {sign: signal.signal(sign, signal.SIG_IGN) for sign in uvicorn.server.HANDLED_SIGNALS}
    try:
        server.run()
    except SystemExit:
        # uvicorn reports it this way
        raise AddressNotUsableError(host, port) from None
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
