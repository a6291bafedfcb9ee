"""A Messages server in a process of its own, which counts the texts that it was paid for."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Lock
from typing import Final

from loopctl_pipelines.llm.fake.messages_server import MessagesServer
from loopctl_pipelines_tests.knowledge.extraction.answers import ToolInput, articles
from loopctl_pipelines_tests.knowledge.extraction.documents import KEY

LATENCY_SECONDS: Final = 0.4
ARTICLES_OF_A_TEXT: Final = 2
_TITLE: Final = re.compile(r"(?:Section|Review) [\d.]+ of [\w-]+")

_PAID, _ANSWERS = "paid", "answers"


class MessagesProcess:
    """The running server."""

    def __init__(self, base_url: str, connection: Connection) -> None:
        """Take its base URL, and the connection to its process."""
        self.base_url = base_url
        self._connection = connection

    def paid(self) -> Counter[str]:
        """Return how often each text was answered, by the text's title."""
        self._connection.send(_PAID)
        paid: Counter[str] = self._connection.recv()
        return paid

    def answers(self) -> int:
        """Return how many texts were answered."""
        self._connection.send(_ANSWERS)
        return int(self._connection.recv())


@contextmanager
def messages_process(latency_seconds: float = LATENCY_SECONDS) -> Iterator[MessagesProcess]:
    """Run a server that answers each text with two articles named after it."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, latency_seconds), daemon=True)
    process.start()
    there.close()
    try:
        yield MessagesProcess(here.recv(), here)
    finally:
        here.close()
        process.join()


def article_titles(title: str) -> list[str]:
    """Return the titles of the articles that a text of this title is answered with."""
    return [f"{title}, article {number}" for number in range(ARTICLES_OF_A_TEXT)]


def _serve(connection: Connection, latency_seconds: float) -> None:
    paid, paying = Counter[str](), Lock()

    def reply(_tool: str, _system: str, message: str) -> ToolInput:
        [title] = _TITLE.findall(message)
        with paying:
            paid[title] += 1
        return articles(*article_titles(title))

    with MessagesServer([KEY], reply, latency_seconds=latency_seconds) as server:
        connection.send(server.base_url)
        try:
            while asked := connection.recv():
                with paying:
                    connection.send(paid if asked == _PAID else paid.total())
        except EOFError:
            return
