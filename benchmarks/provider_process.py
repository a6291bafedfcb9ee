"""The loopback provider in a process of its own: it takes no time of a contender's."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from zlib import crc32

import numpy as np

from loopctl_pipelines.llm.fake.loopback import LoopbackServer, Vector

KEY = "sk-benchmark"
LATENCY_SECONDS = 0.05
_DIFFERENT_VECTORS = 4_096
_spawn = get_context("spawn")


@contextmanager
def provider_process() -> Iterator[str]:
    """Give the base URL of a provider that answers after 50 ms."""
    here, there = _spawn.Pipe()
    process = _spawn.Process(target=_serve, args=(there,))
    process.start()
    there.close()
    try:
        yield here.recv()
    finally:
        here.close()
        process.join()


def vector_of(text: str, dimension: int) -> Vector:
    """Return one of 4,096 random directions, which costs nothing to make and all to index."""
    return _directions(dimension)[crc32(text.encode()) % _DIFFERENT_VECTORS]


@cache
def _directions(dimension: int) -> list[Vector]:
    drawn = np.random.default_rng(1).standard_normal((_DIFFERENT_VECTORS, dimension))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return list(drawn.astype(np.float32))


def _serve(pipe: Connection) -> None:
    with LoopbackServer([KEY], latency_seconds=LATENCY_SECONDS, vector=vector_of) as server:
        pipe.send(server.base_url)
        try:
            pipe.recv()
        except EOFError:
            return
