"""`/metrics`, for the operator's Prometheus. It is there only if LOOPCTL_METRICS_TOKEN is set.

It is about all tenants, so no tenant's key opens it, and a superadmin's neither. It is not in the
OpenAPI document, which is for the tenants.
"""

import hmac
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from loopctl_pipelines.api.errors import refused
from loopctl_pipelines.api.query_values import NoQuery
from loopctl_pipelines.api.scraped_metrics import metrics_of
from loopctl_pipelines.api.service import service_of

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def metrics(request: Request, _: Annotated[NoQuery, Query()]) -> Response:
    """Return the metrics as text."""
    expected = f"Bearer {service_of(request).settings.metrics_token}".encode()
    given = request.headers.getlist("authorization")
    if len(given) != 1 or not hmac.compare_digest(given[0].encode(), expected):
        raise refused(401, "Unauthorized")
    headers = {"cache-control": "no-store"}
    content = await metrics_of(request).text()
    return Response(content, media_type=CONTENT_TYPE_PLAIN_0_0_4, headers=headers)
