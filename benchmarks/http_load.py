"""Sends one request over and over on many connections, from a process of its own."""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from time import perf_counter
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent.

    Attributes:
        url: of the request, a GET.
        key: the raw API key, or None.
        connections: kept open; each sends its next request when it has the answer to the last.
        requests: how many are sent in all.
    """

    url: str
    key: str | None
    connections: int
    requests: int


class UnexpectedAnswerError(Exception):
    """An answer was not 200, so its time says nothing."""


class LoadProcess:
    """The process that sends. It is as lean as it can be: what it takes, the server lacks."""

    def __init__(self) -> None:
        self._process = ProcessPoolExecutor(1, get_context("spawn"))

    def send(self, load: Load) -> list[float]:
        """Send all requests, and return the seconds that each answer took.

        Raises:
            UnexpectedAnswerError: if an answer is not 200.
        """
        return self._process.submit(_send, load).result()

    def close(self) -> None:
        """End the process."""
        self._process.shutdown()


def _send(load: Load) -> list[float]:
    return asyncio.run(_send_all(load))


async def _send_all(load: Load) -> list[float]:
    left = iter(range(load.requests))
    seconds: list[float] = []

    async def one_after_another() -> None:
        url = urlsplit(load.url)
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        for _ in left:
            started = perf_counter()
            writer.write(_request(load))
            await _read_answer(reader)
            seconds.append(perf_counter() - started)
        writer.close()

    await asyncio.gather(*(one_after_another() for _ in range(load.connections)))
    return seconds


def _request(load: Load) -> bytes:
    url = urlsplit(load.url)
    key = f"Authorization: Bearer {load.key}\r\n" if load.key else ""
    return f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n{key}\r\n".encode()


async def _read_answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    body = await reader.readexactly(length)
    if not head.startswith("http/1.1 200"):
        raise UnexpectedAnswerError(body.decode())
