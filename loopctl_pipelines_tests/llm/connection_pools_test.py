"""Requests that share connections through small pools, at a real server on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import httpx2
import pytest

from loopctl_pipelines.llm.connection_pools import ConnectionPools

_MANY = 30


class _Server:
    """Answers as many requests at once as are awaited, and counts connections."""

    def __init__(self) -> None:
        self.connections = 0
        self.waiting = 0
        self.awaited = 1
        self.holds = False
        self.arrived = asyncio.Event()
        self.together = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if head.startswith(b"GET /broken"):
                    break
                self.waiting += 1
                if self.waiting >= self.awaited:
                    self.arrived.set()
                    if not self.holds:
                        self.together.set()
                await self.together.wait()
                self.waiting -= 1
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")
        writer.close()


def run(scenario: Callable[[_Server, httpx2.AsyncClient, str], Awaitable[None]]) -> None:
    asyncio.run(_run(scenario))


async def _run(scenario: Callable[[_Server, httpx2.AsyncClient, str], Awaitable[None]]) -> None:
    async with (
        _serving() as (server, url),
        httpx2.AsyncClient(transport=ConnectionPools(), trust_env=False) as client,
    ):
        await scenario(server, client, url)


@asynccontextmanager
async def _serving() -> AsyncIterator[tuple[_Server, str]]:
    server = _Server()
    listening = await asyncio.start_server(server.answer, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield server, f"http://127.0.0.1:{port}"
    finally:
        listening.close()


async def _at_once(server: _Server, client: httpx2.AsyncClient, url: str, requests: int) -> None:
    server.awaited, server.holds = requests, False
    server.together.clear()
    answers = await asyncio.gather(*(client.get(url) for _ in range(requests)))
    assert [answer.content for answer in answers] == [b"body"] * requests


def test_one_request_after_the_other_uses_one_connection() -> None:
    async def scenario(server: _Server, client: httpx2.AsyncClient, url: str) -> None:
        for _ in range(_MANY):
            await _at_once(server, client, url, 1)
        assert server.connections == 1

    run(scenario)


def test_as_many_connections_are_kept_as_there_were_requests_at_once() -> None:
    async def scenario(server: _Server, client: httpx2.AsyncClient, url: str) -> None:
        for _ in range(3):
            await _at_once(server, client, url, _MANY)
        assert server.connections == _MANY

    run(scenario)


@pytest.mark.parametrize("requests", [1, _MANY])
def test_a_body_that_is_not_read_to_its_end_makes_room(requests: int) -> None:
    async def scenario(server: _Server, client: httpx2.AsyncClient, url: str) -> None:
        server.awaited = 1
        for _ in range(requests):
            async with client.stream("GET", url) as answer:
                assert answer.status_code == 200
        before = server.connections
        await _at_once(server, client, url, 1)
        await _at_once(server, client, url, 1)
        assert server.connections == before + 1  # an unread body costs its own connection only

    run(scenario)


def test_a_request_that_fails_or_is_cancelled_makes_room() -> None:
    async def scenario(server: _Server, client: httpx2.AsyncClient, url: str) -> None:
        for _ in range(_MANY):
            with pytest.raises(httpx2.RemoteProtocolError):
                await client.get(f"{url}/broken")
        server.awaited, server.holds = _MANY, True
        requests = [asyncio.create_task(client.get(url)) for _ in range(_MANY)]
        await server.arrived.wait()
        for request in requests:
            request.cancel()
        await asyncio.gather(*requests, return_exceptions=True)
        server.together.set()
        server.connections = 0
        for _ in range(3):
            await _at_once(server, client, url, 1)
        assert server.connections == 1

    run(scenario)
