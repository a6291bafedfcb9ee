"""Every error response: one shape, and nothing about the cause inside the server."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import islice

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.terminal_text import shortened

_log = logging.getLogger(__name__)

RETRY_SECONDS = 2
_MOST_DETAILS = 20
_LONGEST_NAME = 64


class AddressNotUsableError(PipelinesError):
    """The API cannot listen at the requested address."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"The API cannot listen at {host}:{port}: the port is taken, or the address is not "
            "this machine's. Choose others with --host and --port."
        )


class RequestRefusedError(PipelinesError):
    """The request is answered with an error status.

    Attributes:
        status: the HTTP status.
        message: the text for the client.
        code: what a client may act on; None: the status says enough.
        details: problems by field name; None if the error concerns no single field.
        headers: response headers, such as Retry-After.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        details: Mapping[str, Sequence[str] | str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.details = details
        self.headers = headers


class Problem(BaseModel):
    """What is wrong with a request, or with the server."""

    status: int = Field(description="The HTTP status, once more.", examples=[422])
    message: str = Field(examples=["Validation failed"])
    code: str | None = Field(
        None, description="What a client may act on.", examples=["title_conflict"]
    )
    details: dict[str, list[str] | str] | None = Field(
        None,
        description="Problems by name of the parameter or field, or ids by name.",
        examples=[{"project_id": ["is not a UUID"]}],
    )


class ErrorBody(BaseModel):
    """The body of every error."""

    error: Problem


def refused(status: int, message: str | None = None) -> RequestRefusedError:
    """Return an error with this status and its default message, unless one is given."""
    return RequestRefusedError(status, message or HTTPStatus(status).phrase.capitalize())


def invalid(field: str, problem: str) -> RequestRefusedError:
    """Return 422 for one parameter or field."""
    return RequestRefusedError(422, "Validation failed", details={field: [problem]})


def unavailable(cause: str = "The database is not available.") -> RequestRefusedError:
    """Return 503: nothing was changed, and the request may be repeated."""
    headers = {"retry-after": str(RETRY_SECONDS)}
    return RequestRefusedError(503, f"{cause} Try again.", headers=headers)


def response_of(error: RequestRefusedError) -> JSONResponse:
    """Return the HTTP response for the error."""
    problem: dict[str, object] = {"status": error.status, "message": error.message}
    if error.code is not None:
        problem["code"] = error.code
    if error.details is not None:
        # names of parameters may be the client's own
        shown = islice(error.details.items(), _MOST_DETAILS)
        problem["details"] = {shortened(name, _LONGEST_NAME): texts for name, texts in shown}
    return JSONResponse({"error": problem}, error.status, dict(error.headers or {}))


def add_error_handlers(app: FastAPI) -> None:
    """Register a handler for each error that can end a request."""

    @app.exception_handler(RequestRefusedError)
    async def refusal(_: Request, error: RequestRefusedError) -> JSONResponse:
        return response_of(error)

    @app.exception_handler(RequestValidationError)
    async def invalid_values(_: Request, error: RequestValidationError) -> JSONResponse:
        details: dict[str, list[str]] = {}
        for problem in error.errors():
            unknown = problem["type"] == "extra_forbidden"
            text = "is not a parameter of this route" if unknown else problem["msg"]
            details.setdefault(str(problem["loc"][-1]), []).append(text)
        return response_of(RequestRefusedError(422, "Validation failed", details=details))

    @app.exception_handler(HTTPException)
    async def no_route(_: Request, error: HTTPException) -> JSONResponse:
        refusal = refused(error.status_code)
        refusal.headers = error.headers
        return response_of(refusal)

    @app.exception_handler(DatabaseUnreachableError)
    @app.exception_handler(psycopg.OperationalError)
    @app.exception_handler(psycopg.InterfaceError)
    async def no_database(_: Request, error: Exception) -> JSONResponse:
        # a cancelled statement, a lost connection, a lock timeout: a repeated request may succeed
        sqlstate = getattr(error, "sqlstate", None)
        _log.warning("database: %s (SQLSTATE %s)", type(error).__name__, sqlstate or "none")
        return response_of(unavailable())


_MESSAGES = {
    400: "Name a tenant in X-Impersonate-Tenant: a superadmin's key belongs to none",
    401: "Invalid API key",
    403: "Insufficient permissions. Required role: user",
    404: "Not found",
    409: "Another article of the tenant has this title, with another body",
    412: "The article was changed since it was read. Read it again",
    413: "Request entity too large",
    415: "Unsupported media type",
    422: "Validation failed",
    429: "Rate limit exceeded",
    503: "The database is not available. Try again.",
}
_MEANINGS = {
    400: "A superadmin's key without X-Impersonate-Tenant, an unknown X-Effective-Role, or a "
    "header that must be given once.",
    401: "No key (`Unauthorized`), or one that is unknown, revoked or expired (`Invalid API key`).",
    403: "The key's tenant is not active (`Access denied`), or the key's role is too low.",
    404: "The tenant has no such resource. Another tenant's resource answers the same.",
    409: "An article is in the way; `code` says how.",
    412: "The article has another version than `if-match` names.",
    413: "The body is larger than any that this API accepts.",
    415: "The body is not `application/json`.",
    422: "A parameter or a field is unknown, or cannot be used; `details` names it.",
    429: "More requests in a minute than the key or its tenant has; `retry-after` says how long.",
    503: "The database is not available or too busy, or it lacks pgvector, which articles need; "
    "`retry-after` says when to try again.",
}


def documented(
    statuses: Sequence[int], example: RequestRefusedError | None = None
) -> dict[int | str, dict[str, object]]:
    """Return the OpenAPI descriptions of error answers.

    Args:
        statuses: of the answers.
        example: the error that is shown for its status; None: the usual ones.
    """
    found: dict[int | str, dict[str, object]] = {}
    for status in statuses:
        problem: dict[str, object] = {"status": status, "message": _MESSAGES[status]}
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            problem["details"] = {"project_id": ["is not a UUID"]}
        if example is not None and status == example.status:
            problem = {"status": status, "message": example.message, "code": example.code}
        content = {"application/json": {"example": {"error": problem}}}
        found[status] = {
            "model": ErrorBody,
            "description": _MEANINGS[status],
            "content": content,
        }
        if status in {429, 503}:
            seconds = {"type": "integer", "minimum": 1}
            found[status]["headers"] = {
                "retry-after": {"schema": seconds, "description": "Seconds."}
            }
    return found
