"""Runs the API until it receives SIGTERM or SIGINT."""

import logging
import signal

import uvicorn
from fastapi import FastAPI

from loopctl_pipelines.api.errors import AddressNotUsableError

_GRACE_SECONDS = 20
"""Seconds that running requests have to end at shutdown; longer than any request may take."""


def serve(app: FastAPI, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, finish the running requests, and return.

    Raises:
        AddressNotUsableError: if the address cannot be listened on.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            # the request log has routes instead of paths
            access_log=False,
            server_header=False,
            # nothing here depends on the client address that a proxy header claims
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
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
