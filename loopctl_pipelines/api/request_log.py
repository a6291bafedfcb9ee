"""One line a request, with ids and without secrets; and the answer to what nobody foresaw.

A line names the route's template, never the path or the query: those are the client's text, and a
key that was pasted into the wrong place would be in them.
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

_log = logging.getLogger(__name__)


@dataclass
class RequestFacts:
    """What becomes known of a request while it is answered; `scope["state"]["facts"]` holds it.

    Attributes:
        id: made here. A client's own is not taken over: it could be anything.
        key_id: the key that was presented, once it is found.
        tenant_id: whose data the request is about.
        headers: what every response gets, errors too.
        status: of the response; None before it has started.
    """

    id: str = field(default_factory=lambda: uuid4().hex)
    key_id: UUID | None = None
    tenant_id: UUID | None = None
    headers: dict[str, str] = field(default_factory=dict)
    status: int | None = None


class RequestLog:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        facts = RequestFacts()
        facts.headers["x-request-id"] = facts.id
        scope.setdefault("state", {})["facts"] = facts

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts.status = message["status"]
                MutableHeaders(scope=message).update(facts.headers)
            await send(message)

        started = perf_counter()
        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text must not get out
            _tell(facts, error)
            if facts.status is None:
                await response_of(refused(500))(scope, receive, send_with_headers)
        finally:
            _log.info(_line(scope, facts, perf_counter() - started))


def _line(scope: Mapping[str, object], facts: RequestFacts, seconds: float) -> str:
    shown = {
        "request": facts.id,
        "method": scope["method"],
        "route": getattr(scope.get("route"), "path", "none"),
        "status": facts.status or "none",
        "ms": f"{seconds * 1000:.1f}",
        "tenant": facts.tenant_id or "none",
        "key": facts.key_id or "none",
    }
    return " ".join(f"{name}={value}" for name, value in shown.items())


def _tell(facts: RequestFacts, error: Exception) -> None:
    """Log where an error came from. Its message may hold a tenant's values, so it is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in frames[::-1])
    sqlstate = getattr(error, "sqlstate", None) or "none"
    _log.error("request=%s %s sqlstate=%s in %s", facts.id, type(error).__name__, sqlstate, places)
