"""The database is away, slow or full: 503, and all is well again when it is back."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from loopctl_pipelines.api.app import build_app
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.api.rows import add_anomaly, add_key, add_tenants
from loopctl_pipelines_tests.api.serving import ANOMALIES, SUMMARIES, Api, message, running
from loopctl_pipelines_tests.costs.interleaved import until_it_ends_or_waits
from loopctl_pipelines_tests.usage import id_of

UNAVAILABLE = (503, "The database is not available. Try again.")


def test_an_outage_is_told_and_nothing_has_to_be_started_again(own_server: EmbeddedServer) -> None:
    url = own_server.url("loopctl")
    upgrade(url)
    with (
        closing(Database(url, "loopctl_app", patience=1)) as database,
        running(build_app(database, Settings())) as address,
        httpx2.Client(base_url=address, timeout=60) as client,
    ):
        api = Api(client, database)
        add_tenants(database, "acme")
        key = add_key(database, "acme")
        anomaly = add_anomaly(database, "acme")
        for _ in range(2):
            assert api.get(ANOMALIES, key).status_code == 200
            assert api.get("/ready", None).status_code == 200
            own_server.stop()
            for answer in (
                api.get(ANOMALIES, key),
                api.get(SUMMARIES, key),
                api.patch(anomaly, key),
                api.get("/ready", None),
            ):
                assert message(answer) == UNAVAILABLE
                assert int(answer.headers["retry-after"]) >= 1
            assert api.get("/health", None).status_code == 200
            own_server.start()
        assert api.patch(anomaly, key).status_code == 200


def test_a_statement_that_takes_too_long_is_cancelled(database_url: str) -> None:
    with (
        closing(Database(database_url, "loopctl_app")) as operator,
        closing(Database(database_url, "loopctl_app", statement_seconds=0.2)) as database,
        running(build_app(database, Settings())) as address,
        httpx2.Client(base_url=address, timeout=60) as client,
    ):
        api = Api(client, database)
        add_tenants(operator, "acme")
        key = add_key(operator, "acme")
        anomaly = add_anomaly(operator, "acme")
        with operator.operator_transaction() as connection:
            connection.execute("LOCK TABLE cost_anomalies")
            for answer in (api.get(ANOMALIES, key), api.patch(anomaly, key)):
                assert message(answer) == UNAVAILABLE
        assert api.patch(anomaly, key).status_code == 200


def test_a_request_that_finds_no_free_connection_is_told_to_come_back(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loopctl_pipelines.api.app.PATIENCE", 0.2)
    with (
        closing(Database(database_url, "loopctl_app")) as operator,
        closing(Database(database_url, "loopctl_app", connections=1)) as database,
        running(build_app(database, Settings())) as address,
        httpx2.Client(base_url=address, timeout=60) as client,
        ThreadPoolExecutor() as pool,
    ):
        api = Api(client, database)
        add_tenants(operator, "acme")
        key = add_key(operator, "acme")
        with operator.operator_transaction() as connection:
            connection.execute("LOCK TABLE cost_anomalies")
            waiting = until_it_ends_or_waits(operator, pool, lambda: api.get(ANOMALIES, key))
            answers = [api.get(SUMMARIES, key) for _ in range(3)]
            assert api.get("/health", None).status_code == 200
        for answer in answers:
            assert message(answer) == (503, "Too many requests are under way. Try again.")
            assert int(answer.headers["retry-after"]) >= 1
        assert waiting.result().status_code == 200
        assert api.get(SUMMARIES, key).status_code == 200


def test_a_server_that_has_gone_silent_holds_no_request_forever(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loopctl_pipelines.api.app._SILENCE_SECONDS", 0.2)
    with (
        closing(Database(database_url, "loopctl_app")) as operator,
        closing(Database(database_url, "loopctl_app", connections=2)) as database,
        running(build_app(database, Settings())) as address,
        httpx2.Client(base_url=address, timeout=60) as client,
    ):
        api = Api(client, database)
        add_tenants(operator, "acme")
        key = add_key(operator, "acme")
        with operator.operator_transaction() as connection:
            connection.execute("LOCK TABLE cost_anomalies")
            assert message(api.get(ANOMALIES, key)) == (
                503,
                "The database does not answer. Try again.",
            )
        assert api.get(ANOMALIES, key).status_code == 200


def test_health_does_not_ask_the_database(tmp_path: Path) -> None:
    nowhere = f"postgresql:///loopctl?host={tmp_path}"
    with (
        closing(Database(nowhere, "loopctl_app", patience=0.2)) as database,
        running(build_app(database, Settings())) as address,
        httpx2.Client(base_url=address, timeout=60) as client,
    ):
        assert client.get("/health").json() == {"status": "ok"}
        assert message(client.get("/ready")) == UNAVAILABLE
        answer = client.get(ANOMALIES, headers={"authorization": "Bearer x"})
        assert message(answer) == UNAVAILABLE
        assert message(client.patch(f"{ANOMALIES}/{id_of('x')}")) == (401, "Unauthorized")
