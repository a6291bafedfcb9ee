"""A provider whose vectors have the similarity that a text asks for."""

import json
import math
import re

from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_DIMENSION
from loopctl_pipelines_tests.llm.failing_provider import Exchange, FailingProvider
from loopctl_pipelines_tests.llm.openai.embeddings_body import packed

_ASKED = re.compile(r"similarity (-?[0-9.]+)")


def angle_provider() -> FailingProvider:
    """Return a provider that knows texts such as `similarity 0.97`.

    Their vectors have this similarity to that of `similarity 1`. All other texts are orthogonal.
    """
    return FailingProvider(_answer)


def _answer(exchange: Exchange) -> None:
    items = [
        {"index": index, "embedding": packed(_vector(text))}
        for index, text in enumerate(exchange.texts)
    ]
    usage = {"prompt_tokens": 7, "total_tokens": 7}
    exchange.answer(200, json.dumps({"data": items, "usage": usage}).encode())


def _vector(text: str) -> list[float]:
    vector = [0.0] * DEFAULT_DIMENSION
    if asked := _ASKED.search(text):
        similarity = float(asked[1].rstrip("."))
        vector[0], vector[1] = similarity, math.sqrt(1 - similarity**2)
    else:
        vector[2] = 1.0
    return vector
