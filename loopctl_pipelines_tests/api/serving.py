"""A real server on loopback, and a client that shows a key."""

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2
import uvicorn
from fastapi import FastAPI

from loopctl_pipelines.api.app import build_app
from loopctl_pipelines.api.connection_limits import LIMITS, ConnectionLimits
from loopctl_pipelines.api.server import server_config
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.settings import Settings

ANOMALIES = "/api/v1/cost-anomalies"
SUMMARIES = "/api/v1/cost-summaries"
INGEST = "/api/v1/knowledge/ingest"
BATCH = "/api/v1/knowledge/ingest/batch"
JOBS = "/api/v1/knowledge/ingestion-jobs"
LLM_CONFIG = "/api/v1/tenants/me/llm-config"
LLM_USAGE = "/api/v1/knowledge/llm-usage"
PIPELINE = "/api/v1/knowledge/pipeline"
CLOAK_KEY = bytes(32)
# to read the system's certificates takes 30 ms, and no test needs them
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
Params = dict[str, str] | list[tuple[str, str | int | float | bool | None]] | str | None


@dataclass(frozen=True)
class Api:
    """A client of a running server."""

    client: httpx2.Client
    database: Database

    def get(
        self, path: str, key: str | None, params: Params = None, **headers: str
    ) -> httpx2.Response:
        """GET with the raw key; headers are written with underscores."""
        return self.client.get(path, params=params, headers=_headers(key, headers))

    def patch(
        self, anomaly: object, key: str | None, body: object = None, **headers: str
    ) -> httpx2.Response:
        """PATCH an anomaly with the raw key, without a body unless one is given."""
        told = _headers(key, headers)
        if body is None:
            return self.client.patch(f"{ANOMALIES}/{anomaly}", headers=told)
        return self.client.patch(f"{ANOMALIES}/{anomaly}", headers=told, json=body)

    def post(
        self, path: str, key: str | None, body: object, *, method: str = "POST", **headers: str
    ) -> httpx2.Response:
        """Send a JSON body, also one that has no UTF-8, with the raw key."""
        return self.post_bytes(path, key, json.dumps(body).encode(), method=method, **headers)

    def post_bytes(
        self, path: str, key: str | None, body: bytes, *, method: str = "POST", **headers: str
    ) -> httpx2.Response:
        """Send bytes that claim to be JSON, with the raw key."""
        told = {"content-type": "application/json", **_headers(key, headers)}
        return self.client.request(method, path, headers=told, content=body)


def _headers(key: str | None, others: dict[str, str]) -> dict[str, str]:
    own = {} if key is None else {"authorization": f"Bearer {key}"}
    return own | {name.replace("_", "-"): value for name, value in others.items()}


def message(response: httpx2.Response) -> tuple[int, str]:
    """Return status and message of an error, whose body says the status once more."""
    error = response.json()["error"]
    assert error["status"] == response.status_code
    return error["status"], error["message"]


def details(response: httpx2.Response) -> dict[str, list[str]]:
    """Return what a 422 says of single parameters."""
    assert message(response) == (422, "Validation failed")
    found: dict[str, list[str]] = response.json()["error"]["details"]
    return found


@contextmanager
def serving(
    database: Database, settings: Settings | None = None, limits: ConnectionLimits = LIMITS
) -> Iterator[Api]:
    """Give out a client of a server on this database."""
    with (
        running(build_app(database, settings or Settings(cloak_key=CLOAK_KEY)), limits) as url,
        httpx2.Client(base_url=url, timeout=60, verify=_NO_CERTIFICATES) as client,
    ):
        yield Api(client, database)


@contextmanager
def running(app: FastAPI, limits: ConnectionLimits = LIMITS) -> Iterator[str]:
    """Serve an app as the command does, in a thread, and give out its URL."""
    server = uvicorn.Server(server_config(app, "127.0.0.1", 0, limits))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        (listening,) = server.servers
        host, port = listening.sockets[0].getsockname()
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join()
