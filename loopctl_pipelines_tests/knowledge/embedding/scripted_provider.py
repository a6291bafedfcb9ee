"""A provider that embeds lexically, unless a test's script returns a fault."""

import json
from collections.abc import Callable

from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_DIMENSION
from loopctl_pipelines.llm.fake.lexical import lexical_vector
from loopctl_pipelines_tests.llm.failing_provider import (
    Exchange,
    FailingProvider,
    Fault,
)
from loopctl_pipelines_tests.llm.openai.embeddings_body import packed

Script = Callable[[Exchange], Fault | None]


def lexical(exchange: Exchange) -> None:
    """Answer with the lexical vector of each text."""
    items = [
        {"index": index, "embedding": packed(lexical_vector(text, DEFAULT_DIMENSION).tolist())}
        for index, text in enumerate(exchange.texts)
    ]
    usage = {"prompt_tokens": 7, "total_tokens": 7}
    exchange.answer(200, json.dumps({"data": items, "usage": usage}).encode())


def scripted(script: Script) -> FailingProvider:
    """Return a provider that answers with the script's fault, or embeds if there is none."""

    def respond(exchange: Exchange) -> None:
        (script(exchange) or lexical)(exchange)

    return FailingProvider(respond)


def where(word: str, fault: Fault) -> Script:
    """Return a script that fails requests with a text that contains this word."""
    return lambda exchange: fault if any(word in text for text in exchange.texts) else None
