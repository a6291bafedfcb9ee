"""Dagster's webserver behind the guard: `python -m loopctl_pipelines.orchestration.ui.webserver`.

`loopctl-pipelines dev` starts it; in production it runs behind a proxy that authenticates.
"""

import logging
import signal
import socket
import sys
from argparse import ArgumentParser, Namespace
from typing import Any, Final

import uvicorn
from dagster import DagsterInstance
from dagster_webserver.version import __version__
from dagster_webserver.webserver import DagsterWebserver

from loopctl_pipelines.orchestration.dagster_internals import (
    WorkspaceFileTarget,
    WorkspaceProcessContext,
)
from loopctl_pipelines.orchestration.instance_storage import bound_statements
from loopctl_pipelines.orchestration.ui.addresses import Addresses
from loopctl_pipelines.orchestration.ui.guard import Guard
from loopctl_pipelines.orchestration.ui.listening import listen
from loopctl_pipelines.terminal import log_to_stderr

_STATEMENT_MILLISECONDS: Final = 15_000
_LIVE_DATA_MILLISECONDS: Final = 2000
_GRACE_SECONDS: Final = 2


def main() -> None:
    """Serve the UI of DAGSTER_HOME until SIGINT or SIGTERM."""
    given = _arguments().parse_args()
    log_to_stderr(logging.WARNING, given.log_format)
    # uvicorn raises the signal again when it has shut down
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, signal.default_int_handler)
    try:
        _serve(given)
    except KeyboardInterrupt:
        sys.exit(0)


def _arguments() -> ArgumentParser:
    arguments = ArgumentParser(description=main.__doc__)
    arguments.add_argument("-w", "--workspace", required=True, help="Dagster's workspace.yaml.")
    arguments.add_argument("--host", default="127.0.0.1", help="Where it listens.")
    arguments.add_argument("--port", type=int, default=3000, help="Where it listens.")
    arguments.add_argument(
        "--address", action="append", default=[], help="URL under which a proxy serves it."
    )
    arguments.add_argument("--read-only", action="store_true", help="Refuse every change.")
    arguments.add_argument("--log-format", choices=["text", "json"], default="text")
    arguments.add_argument("--descriptor", type=int, help="A socket that listens already.")
    return arguments


def _serve(given: Namespace) -> None:
    addresses = Addresses.of(given.host, given.port, given.address)
    if given.descriptor is None:
        listening = listen(given.host, given.port)
    else:
        listening = socket.socket(fileno=given.descriptor)
    with (
        listening,
        DagsterInstance.get() as instance,
        WorkspaceProcessContext(
            instance,
            WorkspaceFileTarget(paths=[given.workspace]),
            version=__version__,
            read_only=given.read_only,
            code_server_log_level="WARNING",
        ) as context,
    ):
        bound_statements(instance, _STATEMENT_MILLISECONDS)
        webserver: DagsterWebserver[WorkspaceProcessContext, Any] = DagsterWebserver(
            context, live_data_poll_rate=_LIVE_DATA_MILLISECONDS
        )
        config = uvicorn.Config(
            Guard(webserver.create_asgi_app(), addresses),
            log_level="warning",
            # a page that is open in a browser keeps its websocket
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    main()
