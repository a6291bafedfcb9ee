"""A small server on 127.0.0.1 that speaks OpenAI's embeddings API."""

import base64
import json
import threading
import time
from collections.abc import Callable, Collection, Mapping
from email.message import Message
from http import HTTPStatus
from typing import Self

import numpy as np
import numpy.typing as npt

from loopctl_pipelines.llm.fake.json_server import JsonAnswer, JsonServer
from loopctl_pipelines.llm.fake.lexical import lexical_vector
from loopctl_pipelines.llm.openai.limits import (
    SMALL_MODEL,
    SMALL_MODEL_DIMENSION,
    ProviderLimits,
    token_estimate,
)

_LIMITS = ProviderLimits()
Vector = npt.NDArray[np.float32]
Vectorize = Callable[[str, int], Vector]


class LoopbackServer:
    """Serves `POST /v1/embeddings` with lexical vectors inside a `with` block.

    Args:
        keys: accepted API keys; any other gets 401.
        latency_seconds: delay before each answer.
        models: known models; any other gets 404.
        input_tokens: limit on the estimated tokens of one input; a longer one gets 400.
        vector: returns the vector of a text, given its dimension.
        port: 0 picks a free one.

    Attributes:
        requests: requests so far, rejected ones included.
        inputs: texts embedded so far.
    """

    def __init__(  # noqa: PLR0913 - each is one way in which providers differ
        self,
        keys: Collection[str],
        *,
        latency_seconds: float = 0.0,
        models: Collection[str] = (SMALL_MODEL,),
        input_tokens: int = _LIMITS.request_tokens,
        vector: Vectorize = lexical_vector,
        port: int = 0,
    ) -> None:
        self.requests = 0
        self.inputs = 0
        self._keys = frozenset(keys)
        self._latency_seconds = latency_seconds
        self._models = frozenset(models)
        self._input_tokens = input_tokens
        self._vector = vector
        self._counting = threading.Lock()
        self._server = JsonServer("/v1/embeddings", self._answer, _NO_SUCH_PATH, port=port)

    @property
    def base_url(self) -> str:
        """The base URL of its API."""
        return f"{self._server.address}/v1"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def _answer(self, headers: Message, body: bytes) -> JsonAnswer:
        key = headers.get("Authorization", "").removeprefix("Bearer ")
        time.sleep(self._latency_seconds)
        with self._counting:
            self.requests += 1
        if key not in self._keys:
            # like OpenAI, which repeats both ends of the key
            text = f"Incorrect API key provided: {key[:8]}****{key[-4:]}."
            return _rejection(HTTPStatus.UNAUTHORIZED, text, "invalid_api_key")
        try:
            request = json.loads(body)
            model, texts = request["model"], request["input"]
        except (ValueError, TypeError, KeyError):
            return _rejection(HTTPStatus.BAD_REQUEST, "We could not parse the body.", None)
        if model not in self._models:
            return _rejection(HTTPStatus.NOT_FOUND, "The model does not exist.", "model_not_found")
        texts = [texts] if isinstance(texts, str) else texts
        if problem := self._problem(texts):
            return _rejection(HTTPStatus.BAD_REQUEST, problem, None)
        with self._counting:
            self.inputs += len(texts)
        dimension = request.get("dimensions", SMALL_MODEL_DIMENSION)
        as_base64 = request.get("encoding_format") == "base64"
        vectors = [self._vector(text, dimension) for text in texts]
        tokens = sum(map(token_estimate, texts))
        return HTTPStatus.OK, _embeddings(model, vectors, tokens, as_base64=as_base64)

    def _problem(self, texts: object) -> str | None:
        if not isinstance(texts, list) or not 0 < len(texts) <= _LIMITS.inputs:
            return f"'input' must be a text or 1 to {_LIMITS.inputs} texts."
        if not all(isinstance(text, str) and text for text in texts):
            return "'input' cannot be an empty string."
        if any(token_estimate(text) > self._input_tokens for text in texts):
            return f"This model's maximum context length is {self._input_tokens} tokens."
        return None


def _rejection(status: HTTPStatus, text: str, code: str | None) -> JsonAnswer:
    error = {"message": text, "type": "invalid_request_error", "param": None, "code": code}
    return status, {"error": error}


_, _NO_SUCH_PATH = _rejection(HTTPStatus.NOT_FOUND, "Unknown request URL.", "unknown_url")


def _embeddings(
    model: str, vectors: list[Vector], tokens: int, *, as_base64: bool
) -> Mapping[str, object]:
    return {
        "object": "list",
        "model": model,
        "data": [
            {
                "object": "embedding",
                "index": index,
                "embedding": _encoded(vector, as_base64=as_base64),
            }
            for index, vector in enumerate(vectors)
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _encoded(vector: Vector, *, as_base64: bool) -> str | list[float]:
    return base64.b64encode(vector.tobytes()).decode() if as_base64 else vector.tolist()
