"""One line a request: enough to find it, and nothing that is secret."""

import asyncio
import logging
import re

import httpx2
import pytest
from starlette.types import Message, Receive, Scope, Send

from loopctl_pipelines.api.app import build_app
from loopctl_pipelines.api.request_log import RequestLog
from loopctl_pipelines.api.request_metrics import RequestMetrics
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.api.rows import add_anomaly, add_key, rows_of
from loopctl_pipelines_tests.api.serving import ANOMALIES, Api, message, running
from loopctl_pipelines_tests.usage import id_of

CANARY = "lc_SECRETSECRETSECRETSECRETSECRETSECRETSECR"


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def _lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage() for record in caplog.records if record.name == RequestLog.__module__
    ]


def test_a_line_has_ids_route_status_and_duration(
    api: Api, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = api.patch(add_anomaly(api.database, "acme"), key)
    (line,) = _lines(caplog)
    (row,) = rows_of(api.database, "api_keys")
    request = answer.headers["x-request-id"]
    ms = re.search(r"ms=([0-9.]+)", line)
    assert ms
    assert line == (
        f"request={request} method=PATCH route=/api/v1/cost-anomalies/{{anomaly_id}} status=200 "
        f"ms={ms[1]} tenant={id_of('acme')} key={row['id']}"
    )


def test_the_line_is_written_before_the_end_of_the_answer_goes_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines_at: list[int] = []

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})

    async def receive() -> Message:
        raise AssertionError

    async def send(_: Message) -> None:
        lines_at.append(len(_lines(caplog)))

    asyncio.run(RequestLog(app, RequestMetrics())({"type": "http", "method": "GET"}, receive, send))
    assert lines_at == [0, 0, 1]
    assert len(_lines(caplog)) == 1


def test_a_client_s_own_request_id_is_not_taken_over(api: Api, key: str) -> None:
    answer = api.get(ANOMALIES, key, x_request_id=CANARY)
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


def test_a_key_is_never_logged_wherever_it_was_put(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    for put in (f"?key={CANARY}", f"?project_id={CANARY}", f"/{CANARY}", f"?{CANARY}=1"):
        api.get(f"{ANOMALIES}{put}", CANARY)
        api.get(f"{ANOMALIES}{put}", add_key(api.database, "acme"))
    api.patch(CANARY, CANARY, {"resolved": CANARY}, x_request_id=CANARY, cookie=CANARY)
    api.get(f"/{CANARY}", None, x_impersonate_tenant=CANARY)
    assert len(_lines(caplog)) == 10
    # the client's own log aside, and one that is off unless pytest listens to it
    ours = [r for r in caplog.records if not r.name.startswith(("http", "uvicorn.access"))]
    assert not [r for r in ours if "SECRET" in r.getMessage() or "SECRET" in str(r.__dict__)]


def test_what_nobody_foresaw_is_a_500_without_a_word_of_it(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    app = build_app(database, Settings())

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError(CANARY)

    with running(app) as url, httpx2.Client(base_url=url) as client:
        answer = client.get("/broken")
        assert message(answer) == (500, "Internal server error")
        assert client.get("/health").status_code == 200
    assert answer.headers["x-request-id"] in caplog.text
    assert "RuntimeError" in caplog.text
    assert "broken (" in caplog.text
    assert "SECRET" not in caplog.text
