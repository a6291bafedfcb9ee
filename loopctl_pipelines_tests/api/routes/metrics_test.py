"""`/metrics` is for the operator's token alone, and names no tenant."""

from collections.abc import Iterator
from contextlib import closing

import httpx2
import pytest

from loopctl_pipelines.api.app import build_app
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.api.rows import add_anomaly, add_document, add_key, add_tenants
from loopctl_pipelines_tests.api.serving import ANOMALIES, Api, message, running, serving
from loopctl_pipelines_tests.observability.samples import Samples
from loopctl_pipelines_tests.usage import id_of

BEARER = "of-the-operators-prometheus"
ROLES = ("agent", "orchestrator", "user", "superadmin")


@pytest.fixture
def measured(database: Database) -> Iterator[Api]:
    add_tenants(database, "acme", "other")
    with serving(database, Settings(metrics_token=BEARER)) as api:
        yield api


def _samples(api: Api) -> Samples:
    answer = api.get("/metrics", BEARER)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Samples(answer.text)


def test_requests_are_counted_by_route_and_queues_from_the_database(measured: Api) -> None:
    key = add_key(measured.database, "acme")
    add_document(measured.database, "acme")
    measured.get(ANOMALIES, key)
    measured.get(ANOMALIES, "unknown")
    measured.get("/no/such/acme", key)
    measured.patch(add_anomaly(measured.database, "acme"), key)
    measured.client.request("PROPFIND", ANOMALIES)
    samples = _samples(measured)
    assert samples.labelled("loopctl_api_requests_total") == {
        ("GET", ANOMALIES, "200"): 1,
        ("GET", ANOMALIES, "401"): 1,
        ("GET", "none", "404"): 1,
        ("PATCH", f"{ANOMALIES}/{{anomaly_id}}", "200"): 1,
        ("other", ANOMALIES, "405"): 1,
    }
    counted = samples.of("loopctl_api_request_seconds_count", method="GET", route=ANOMALIES)
    assert counted == 2
    assert samples.of("loopctl_queue_items", queue="ingestion") == 1
    assert samples.of("process_open_fds")
    assert set(samples.labelled("loopctl_scrape_error").values()) == {0}
    assert _samples(measured).labelled("loopctl_api_requests_total")["GET", "/metrics", "200"] == 1


def test_no_key_opens_it_whatever_its_role(measured: Api) -> None:
    keys = [
        add_key(measured.database, None if role == "superadmin" else "acme", role) for role in ROLES
    ]
    for shown in (None, "x", "unknown", BEARER[:-1], f"{BEARER}x", *keys):
        refused = measured.get("/metrics", shown)
        assert message(refused) == (401, "Unauthorized")
        assert "loopctl_" not in refused.text
    twice = measured.client.get("/metrics", headers=[("authorization", f"Bearer {BEARER}")] * 2)
    assert message(twice)[0] == 401


def test_without_a_token_there_is_no_such_route(shared_api: Api, shared_key: str) -> None:
    for key in (None, "None", BEARER, shared_key):
        assert message(shared_api.get("/metrics", key)) == (404, "Not found")


def test_no_answer_has_a_tenant_or_a_key(measured: Api) -> None:
    key = add_key(measured.database, "acme")
    add_document(measured.database, "acme")
    for path in (ANOMALIES, f"/{key}", f"{ANOMALIES}?x={key}", f"{ANOMALIES}/acme"):
        measured.get(path, key)
    text = measured.get("/metrics", BEARER).text
    for secret in ("acme", str(id_of("acme")), key, key[-8:], BEARER):
        assert secret not in text


def test_scrapes_that_follow_each_other_count_once(measured: Api) -> None:
    assert _samples(measured).of("loopctl_queue_items", queue="ingestion") == 0
    add_document(measured.database, "acme")
    assert _samples(measured).of("loopctl_queue_items", queue="ingestion") == 0


def test_without_the_database_the_process_is_measured_all_the_same() -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    with (
        closing(Database(nowhere, "loopctl_app", patience=1)) as database,
        running(build_app(database, Settings(metrics_token=BEARER))) as address,
        httpx2.Client(base_url=address, timeout=60) as client,
    ):
        api = Api(client, database)
        assert api.get("/ready", None).status_code == 503
        samples = _samples(api)
    assert samples.of("loopctl_scrape_error", source="queues") == 1
    assert samples.labelled("loopctl_api_requests_total") == {("GET", "/ready", "503"): 1}
