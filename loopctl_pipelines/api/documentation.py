"""The OpenAPI document and a page that shows it, `/docs`, which loads nothing from other hosts."""

from pathlib import Path
from typing import Annotated, Literal

import fastapi_offline
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse

from loopctl_pipelines.api.query_values import NoQuery

router = APIRouter(include_in_schema=False)

_ASSETS = Path(fastapi_offline.__file__).parent / "static"

# people type keys into the page: it may load and reach this server only
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    # Swagger UI sets styles of single elements
    "style-src 'self' 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>loopctl_pipelines: HTTP API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

# a key stays in the page's memory, and the address cannot name another document
_START = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#page",
  persistAuthorization: false,
  queryConfigEnabled: false,
  validatorUrl: null,
});
"""


@router.get("/openapi.json")
async def openapi(request: Request, _: Annotated[NoQuery, Query()]) -> JSONResponse:
    """Return the description of all routes."""
    return JSONResponse(request.app.openapi())


@router.get("/docs")
async def page(_: Annotated[NoQuery, Query()]) -> HTMLResponse:
    """Return the page."""
    return HTMLResponse(_PAGE, headers=_HEADERS)


@router.get("/docs/start.js")
async def start(_: Annotated[NoQuery, Query()]) -> Response:
    """Return the script that fills the page."""
    return Response(_START, media_type="text/javascript", headers=_HEADERS)


@router.get("/docs/{asset}")
async def asset(
    asset: Literal["swagger-ui.css", "swagger-ui-bundle.js"], _: Annotated[NoQuery, Query()]
) -> FileResponse:
    """Return one of Swagger UI's own files."""
    return FileResponse(_ASSETS / asset, headers=_HEADERS)
