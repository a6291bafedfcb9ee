"""Logs one line per request, with ids and no secrets, and answers unexpected errors with 500.

A line holds the route's template, never the path or the query: they are the client's text, and may
contain a key that was pasted into the wrong place.
"""

import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from uuid import UUID, uuid4

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loopctl_pipelines.api.errors import refused, response_of
from loopctl_pipelines.api.request_metrics import RequestMetrics

_log = logging.getLogger(__name__)


@dataclass
class RequestFacts:
    """Facts about a request, collected while it is handled, in `scope["state"]["facts"]`.

    Attributes:
        id: generated here; a client's own request id could contain anything.
        key_id: id of the presented key, once it is found.
        tenant_id: the tenant whose data the request concerns.
        headers: added to every response, errors included.
        status: status of the response; None before the response starts.
        logged: whether the request has its line.
    """

    id: str = field(default_factory=lambda: uuid4().hex)
    key_id: UUID | None = None
    tenant_id: UUID | None = None
    headers: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    logged: bool = False


class RequestLog:
    """The outermost ASGI middleware."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        facts = RequestFacts()
        facts.headers["x-request-id"] = facts.id
        scope.setdefault("state", {})["facts"] = facts

        started = perf_counter()

        def log() -> None:
            if not facts.logged:
                facts.logged = True
                seconds = perf_counter() - started
                shown = _shown(scope, facts, seconds)
                line = " ".join(f"{name}={value}" for name, value in shown.items())
                _log.info(line, extra=shown)
                self._metrics.count(scope["method"], _route(scope), facts.status, seconds)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts.status = message["status"]
                MutableHeaders(scope=message).update(facts.headers)
            elif not message.get("more_body", False):
                # a client that has its answer finds its line in the log
                log()
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text must not get out
            _tell(facts, error)
            if facts.status is None:
                await response_of(refused(500))(scope, receive, send_with_headers)
        finally:
            # an answer that did not reach its end has a line, too
            log()


def _shown(scope: Mapping[str, object], facts: RequestFacts, seconds: float) -> dict[str, object]:
    return {
        "request": facts.id,
        "method": scope["method"],
        "route": _route(scope),
        "status": facts.status or "none",
        "ms": round(seconds * 1000, 1),
        "tenant": str(facts.tenant_id or "none"),
        "key": str(facts.key_id or "none"),
    }


def _route(scope: Mapping[str, object]) -> str:
    return getattr(scope.get("route"), "path", "none")


def _tell(facts: RequestFacts, error: Exception) -> None:
    """Log where an error was raised, without its message, which may hold a tenant's values."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in frames[::-1])
    sqlstate = getattr(error, "sqlstate", None) or "none"
    _log.error("request=%s %s sqlstate=%s in %s", facts.id, type(error).__name__, sqlstate, places)
