"""The API in a process of its own, with routes for bare statements."""

import logging
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

import uvicorn
from starlette.requests import Request

from loopctl_pipelines.api.app import PATIENCE, STATEMENT_SECONDS, build_app
from loopctl_pipelines.api.server import server_config
from loopctl_pipelines.api.service import service_of
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.settings import Settings

BARE = "/select-one"
BareWork = Callable[[Database], int]
_spawn = get_context("spawn")


@contextmanager
def api_process(
    url: str, settings: Settings | None = None, bare: Mapping[str, BareWork] | None = None
) -> Iterator[str]:
    """Give the base URL of an API on this database, configured as the command's.

    Args:
        url: of the database.
        settings: of the API; None: the defaults.
        bare: work by the path of its route, beside `BARE`; functions of a module.
    """
    here, there = _spawn.Pipe()
    process = _spawn.Process(
        target=_serve, args=(there, url, settings or Settings(), dict(bare or {}))
    )
    process.start()
    there.close()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Connection, url: str, settings: Settings, bare: Mapping[str, BareWork]) -> None:
    logging.basicConfig(level=logging.INFO, filename="/dev/null")
    database = Database(
        url,
        Settings.database_role,
        connections=Settings.api_connections,
        patience=PATIENCE,
        statement_seconds=STATEMENT_SECONDS,
    )
    with closing(database), socket.socket() as listening:
        app = build_app(database, settings)

        for path, work in {BARE: _select_one, **bare}.items():
            app.get(path)(_route(work))
        listening.bind(("127.0.0.1", 0))
        # clients that come before the API has started wait
        listening.listen()
        host, port = listening.getsockname()
        pipe.send(f"http://{host}:{port}")
        uvicorn.Server(server_config(app, host, port)).run([listening])


def _route(work: BareWork) -> Callable[[Request], Awaitable[dict[str, int]]]:
    async def answer(request: Request) -> dict[str, int]:
        return {"rows": await service_of(request).threads.run(work)}

    return answer


def _select_one(database: Database) -> int:
    with database.operator_transaction() as connection:
        row = connection.execute("SELECT 1").fetchone()
    return int(row[0]) if row else 0
