"""The API in a process of its own, with one route more: a bare `SELECT 1`."""

import logging
import socket
from collections.abc import Iterator
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
_spawn = get_context("spawn")


@contextmanager
def api_process(url: str) -> Iterator[str]:
    """Give the base URL of an API on this database, configured as the command's."""
    here, there = _spawn.Pipe()
    process = _spawn.Process(target=_serve, args=(there, url))
    process.start()
    there.close()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Connection, url: str) -> None:
    logging.basicConfig(level=logging.INFO, filename="/dev/null")
    database = Database(
        url,
        Settings.database_role,
        connections=Settings.api_connections,
        patience=PATIENCE,
        statement_seconds=STATEMENT_SECONDS,
    )
    with closing(database), socket.socket() as listening:
        app = build_app(database, Settings())

        @app.get(BARE)
        async def select_one(request: Request) -> dict[str, int]:
            return {"one": await service_of(request).threads.run(_select_one)}

        listening.bind(("127.0.0.1", 0))
        host, port = listening.getsockname()
        pipe.send(f"http://{host}:{port}")
        uvicorn.Server(server_config(app, host, port)).run([listening])


def _select_one(database: Database) -> int:
    with database.operator_transaction() as connection:
        row = connection.execute("SELECT 1").fetchone()
    return int(row[0]) if row else 0
