"""Reads JSON bodies. An endpoint reads the body only after it has admitted the caller."""

import json

from starlette.requests import ClientDisconnect, Request

from loopctl_pipelines.api.errors import refused

LARGEST_BODY = 65_536
"""Bytes; ten times what any request of this API needs."""


async def read_json(request: Request) -> object:
    """Return the JSON value, or None where the body is empty.

    Raises:
        RequestRefusedError: 400 if it is not JSON, 413 if it is too large, 415 if it does not claim
            to be JSON.
    """
    body = await _read(request)
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


async def _read(request: Request) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise refused(413)
    except ClientDisconnect:
        # nobody reads the answer
        raise refused(400) from None
    return bytes(body)
