"""A Messages server whose answers a test scripts, and the tool inputs it answers with."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from loopctl_pipelines.llm.fake.messages_server import MessagesServer
from loopctl_pipelines_tests.knowledge.extraction.documents import KEY

ToolInput = Mapping[str, object]


def article(title: str, **columns: object) -> dict[str, object]:
    """Return an article as a model gives it."""
    return {"title": title, "body": "A body.", "category": "finding", "tags": ["one"], **columns}


def articles(*titles: str) -> ToolInput:
    """Return the tool's input with articles of these titles."""
    return {"articles": [article(title) for title in titles]}


def titled_by_first_line(_tool: str, _system: str, message: str) -> ToolInput:
    """Answer with one article, titled by the document's first line."""
    return articles(message.split("\n")[1].strip("# ")[:100])


@dataclass
class Asked:
    """What a server was asked, in any thread's order.

    Attributes:
        messages: of the requests that were answered.
    """

    messages: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, message: str) -> None:
        """Note a message."""
        with self._lock:
            self.messages.append(message)


@contextmanager
def answering(
    reply: Callable[[str, str, str], ToolInput], **options: object
) -> Iterator[tuple[MessagesServer, Asked]]:
    """Serve these answers to the tests' key."""
    asked = Asked()

    def noted(tool: str, system: str, message: str) -> ToolInput:
        asked.add(message)
        return reply(tool, system, message)

    with MessagesServer([KEY], noted, **options) as server:  # type: ignore[arg-type]
        yield server, asked
