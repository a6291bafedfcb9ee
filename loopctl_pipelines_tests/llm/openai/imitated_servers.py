"""Embedding servers that people run, imitated on loopback by the shapes of their answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from loopctl_pipelines.llm.fake.lexical import lexical_vector
from loopctl_pipelines_tests.llm.failing_provider import Exchange
from loopctl_pipelines_tests.llm.openai.embeddings_body import packed

MODEL: Final = "its-model"


@dataclass(frozen=True)
class Rejection:
    """A status and a body."""

    status: int
    body: object

    def send(self, exchange: Exchange) -> None:
        content = self.body if isinstance(self.body, str) else json.dumps(self.body)
        exchange.answer(self.status, content.encode())


@dataclass(frozen=True)
class Imitation:
    """How a server answers; its base URL ends in /v1.

    Attributes:
        size: numbers in a vector.
        no_such_model: for any model but its own; None: it has one, whatever the request says.
        no_such_address: for any other path.
        most_texts: of a request.
        too_many: for more texts.
        makes_base64: otherwise it makes floats, whatever the request says.
        key_header: of the key; None: any key will do.
        rest: of the answer.
    """

    size: int
    no_such_model: Rejection | None
    no_such_address: Rejection
    most_texts: int = 2_048
    too_many: Rejection = Rejection(400, {})
    makes_base64: bool = True
    key_header: str | None = None
    rest: Mapping[str, object] | None = None

    def __call__(self, exchange: Exchange) -> None:
        request: dict[str, Any] = json.loads(exchange.body)
        if exchange.handler.path != "/v1/embeddings":
            self.no_such_address.send(exchange)
        elif self.key_header and not exchange.handler.headers.get(self.key_header):
            Rejection(401, {"error": {"code": "401", "message": "Access denied."}}).send(exchange)
        elif self.no_such_model and request["model"] != MODEL:
            self.no_such_model.send(exchange)
        elif len(request["input"]) > self.most_texts:
            self.too_many.send(exchange)
        else:
            as_base64 = self.makes_base64 and request.get("encoding_format") == "base64"
            vectors = [lexical_vector(text, self.size).tolist() for text in request["input"]]
            data = [
                {"object": "embedding", "index": n, "embedding": packed(v) if as_base64 else v}
                for n, v in enumerate(vectors)
            ]
            answer = {"object": "list", "data": data, "model": MODEL, **(self.rest or {})}
            exchange.answer(HTTPStatus.OK, json.dumps(answer).encode())


_USAGE = {"usage": {"prompt_tokens": 7, "total_tokens": 7}}

IMITATIONS: Final = {
    "Ollama": Imitation(
        768,
        Rejection(
            404,
            {
                "error": {
                    "message": 'model "x" not found, try pulling it first',
                    "type": "api_error",
                    "param": None,
                    "code": None,
                }
            },
        ),
        Rejection(404, "404 page not found"),
        makes_base64=False,
        rest=_USAGE,
    ),
    "vLLM": Imitation(
        1_024,
        Rejection(
            404,
            {
                "object": "error",
                "message": "The model `x` does not exist.",
                "type": "NotFoundError",
                "param": None,
                "code": 404,
            },
        ),
        Rejection(404, {"detail": "Not Found"}),
        rest={"id": "embd-1", "created": 1, **_USAGE},
    ),
    "Text Embeddings Inference": Imitation(
        384,
        None,
        Rejection(404, ""),
        most_texts=32,
        too_many=Rejection(
            413,
            {
                "message": "batch size 40 > maximum allowed batch size 32",
                "type": "Validation",
            },
        ),
        rest=_USAGE,
    ),
    "LM Studio": Imitation(
        768,
        Rejection(
            404,
            {
                "error": {
                    "message": "No model of this name is loaded.",
                    "type": "invalid_request_error",
                    "param": "model",
                    "code": "model_not_found",
                }
            },
        ),
        Rejection(200, {"error": "Unexpected endpoint or method. (POST /embeddings)"}),
        makes_base64=False,
        rest={"usage": {"prompt_tokens": 0, "total_tokens": 0}},
    ),
    "Azure OpenAI": Imitation(
        1_536,
        Rejection(
            404,
            {
                "error": {
                    "code": "DeploymentNotFound",
                    "message": "The API deployment for this resource does not exist.",
                }
            },
        ),
        Rejection(404, {"error": {"code": "404", "message": "Resource not found"}}),
        key_header="api-key",
        rest=_USAGE,
    ),
}
