"""Runs the API until it is asked to end."""

import logging
import signal

import uvicorn
from fastapi import FastAPI

from loopctl_pipelines.api.errors import AddressNotUsableError

_GRACE_SECONDS = 20
"""For requests under way when the server is asked to end; longer than any may take."""


def serve(app: FastAPI, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, let the requests under way end, and return.

    Raises:
        AddressNotUsableError: if nothing can listen there.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            # ours has the routes instead of the paths
            access_log=False,
            server_header=False,
            # nothing here depends on where a client says that it comes from
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
    # when it has ended, uvicorn raises the signal again, for whoever had it before
    before = {sign: signal.signal(sign, signal.SIG_IGN) for sign in uvicorn.server.HANDLED_SIGNALS}
    try:
        server.run()
    except SystemExit:
        # uvicorn's way to say so
        raise AddressNotUsableError(host, port) from None
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
