"""The loopback vendors in processes of their own: they take no time of a contender's."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from zlib import crc32

import numpy as np

from loopctl_pipelines.llm.fake.loopback import LoopbackServer, Vector
from loopctl_pipelines.llm.fake.messages_server import MessagesServer

KEY = "sk-benchmark"
LATENCY_SECONDS = 0.05
MESSAGE_LATENCY_SECONDS = 0.3
ARTICLES_OF_A_TEXT = 2
HANGS = "hang"
_HANGING_SECONDS = 30.0
_DIFFERENT_VECTORS = 4_096
_spawn = get_context("spawn")


@contextmanager
def provider_process(latency_seconds: float = LATENCY_SECONDS) -> Iterator[str]:
    """Give the base URL of an embedding provider that answers after 50 ms, or another time."""
    with _process(_serve_embeddings, latency_seconds) as base_url:
        yield base_url


@contextmanager
def hanging_process() -> Iterator[str]:
    """Give the base URL of an embedding provider that hangs at texts with the word `HANGS`."""
    with _process(_serve_hanging, _HANGING_SECONDS) as base_url:
        yield base_url


@contextmanager
def messages_process() -> Iterator[str]:
    """Give the base URL of a Messages API that answers after 300 ms."""
    with _process(_serve_messages, MESSAGE_LATENCY_SECONDS) as base_url:
        yield base_url


def vector_of(text: str, dimension: int) -> Vector:
    """Return one of 4,096 random directions, which costs nothing to make and all to index."""
    return _directions(dimension)[crc32(text.encode()) % _DIFFERENT_VECTORS]


def articles_of(_tool: str, _system: str, message: str) -> Mapping[str, object]:
    """Return articles of about 1,000 characters, whose titles no other text has."""
    number = crc32(message.encode())
    articles = [
        {
            "title": f"Finding {number}-{place}",
            "body": message[100 * place : 100 * place + 1_000].strip(),
            "category": "finding",
            "tags": ["benchmark"],
        }
        for place in range(ARTICLES_OF_A_TEXT)
    ]
    return {"articles": articles}


@cache
def _directions(dimension: int) -> list[Vector]:
    drawn = np.random.default_rng(1).standard_normal((_DIFFERENT_VECTORS, dimension))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return list(drawn.astype(np.float32))


@contextmanager
def _process(serve: Callable[[Connection, float], None], latency_seconds: float) -> Iterator[str]:
    here, there = _spawn.Pipe()
    process = _spawn.Process(target=serve, args=(there, latency_seconds))
    process.start()
    there.close()
    try:
        yield here.recv()
    finally:
        here.close()
        process.join()


def _serve_hanging(pipe: Connection, hanging_seconds: float) -> None:
    def vector(text: str, dimension: int) -> Vector:
        if HANGS in text:
            time.sleep(hanging_seconds)
        return vector_of(text, dimension)

    with LoopbackServer([KEY], vector=vector) as server:
        _serve(pipe, server.base_url)


def _serve_embeddings(pipe: Connection, latency_seconds: float) -> None:
    with LoopbackServer([KEY], latency_seconds=latency_seconds, vector=vector_of) as server:
        _serve(pipe, server.base_url)


def _serve_messages(pipe: Connection, latency_seconds: float) -> None:
    with MessagesServer([KEY], articles_of, latency_seconds=latency_seconds) as server:
        _serve(pipe, server.base_url)


def _serve(pipe: Connection, base_url: str) -> None:
    """Tell the address, and wait until the other end is closed."""
    pipe.send(base_url)
    try:
        pipe.recv()
    except EOFError:
        return
