"""Reads JSON bodies. An endpoint reads the body only after it has admitted the caller."""

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from loopctl_pipelines.api.errors import RequestRefusedError, invalid, refused

LARGEST_BODY = 65_536
"""Bytes; ten times what a request without a text needs."""

MOST_FIELDS = 100
"""Of an object; each unknown field costs time."""

Body = TypeVar("Body", bound=BaseModel)


async def read_json(request: Request, most_bytes: int = LARGEST_BODY) -> object:
    """Return the JSON value, or None where the body is empty.

    Raises:
        RequestRefusedError: 400 if it is not JSON, 413 if it is too large, 415 if it does not claim
            to be JSON.
    """
    body = await _read(request, most_bytes)
    if not body:
        return None
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise refused(415)
    try:
        return json.loads(body)
    # numbers of too many digits, text that is not UTF-8, brackets within brackets
    except (ValueError, RecursionError):
        raise refused(400, "The body is not JSON") from None


async def read_body(request: Request, model: type[Body], most_bytes: int = LARGEST_BODY) -> Body:
    """Return the JSON object, validated.

    Raises:
        RequestRefusedError: as `read_json`, and 422, naming the fields that cannot be used.
    """
    value = await read_json(request, most_bytes)
    if not isinstance(value, dict):
        raise invalid("body", "must be a JSON object")
    if len(value) > MOST_FIELDS:
        raise invalid("body", f"must have at most {MOST_FIELDS} fields")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        details: dict[str, list[str]] = {}
        # without what was given: it may be a secret
        for problem in error.errors(include_url=False, include_context=False, include_input=False):
            field = str(problem["loc"][0]) if problem["loc"] else "body"
            details.setdefault(field, []).append(problem["msg"])
    raise RequestRefusedError(422, "Validation failed", details=details) from None


def json_body(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI description of a body that `read_body` reads."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


async def _read(request: Request, most_bytes: int) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most_bytes:
                raise refused(413)
    except ClientDisconnect:
        # nobody reads the answer
        raise refused(400) from None
    return bytes(body)
