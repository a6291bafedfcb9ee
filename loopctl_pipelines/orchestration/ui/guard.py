"""Refuses what a foreign web page can have a browser send to the UI, which has no login.

Dagster's webserver looks at neither Host nor Origin, and runs GraphQL mutations that come by GET.
"""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loopctl_pipelines.orchestration.ui.addresses import Addresses

_READING: Final = ("GET", "HEAD", "OPTIONS")
_GRAPHQL: Final = "/graphql"
_JSON: Final = "application/json"
_POLICY_VIOLATION: Final = 1008
# added to what Dagster sends; of two content security policies, a browser applies both
_HEADERS: Final = {
    "Content-Security-Policy": "frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """ASGI middleware in front of Dagster's webserver, for requests and websocket handshakes."""

    def __init__(self, app: ASGIApp, addresses: Addresses) -> None:
        """Guard an app that is served under these addresses."""
        self._app = app
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or hand it to the app and forbid framing in its response."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refused = self._refusal(scope)
        if refused is None:
            await self._app(scope, receive, _unframed(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        else:
            await PlainTextResponse(f"{refused[1]}\n", refused[0])(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[HTTPStatus, str] | None:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not self._addresses.expect_host(hosts[0]):
            known = " or ".join(sorted(self._addresses.origins))
            return HTTPStatus.FORBIDDEN, f"This is not an address of the UI. Open {known}"
        if not all(self._addresses.expect_origin(origin, hosts[0]) for origin in origins):
            return HTTPStatus.FORBIDDEN, "Requests from other web pages are refused."
        return _method_refusal(scope, headers) if scope["type"] == "http" else None


def _method_refusal(scope: Scope, headers: Headers) -> tuple[HTTPStatus, str] | None:
    # a page of another origin can send this type only after asking, and Dagster does not permit it
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if scope["method"] not in _READING and kind != _JSON:
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The body of this request must be {_JSON}."
    # for text/html, Dagster answers with a page of its own and runs nothing
    page = "text/html" in headers.get("accept", "")
    if scope["method"] in _READING and scope["path"].rstrip("/") == _GRAPHQL and not page:
        return HTTPStatus.METHOD_NOT_ALLOWED, "GraphQL is answered by POST only."
    return None


def _unframed(send: Send) -> Send:
    async def send_unframed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.append(name, value)
        await send(message)

    return send_unframed
