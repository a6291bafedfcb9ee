"""What strangers do to the server: nothing costs more than its bytes, and nothing stays."""

from asyncio import to_thread
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from threading import Event, Semaphore

import httpx2
import pytest

from loopctl_pipelines.api.app import build_app
from loopctl_pipelines.api.connection_limits import LIMITS, ConnectionLimits
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.api.serving import ANOMALIES, running
from loopctl_pipelines_tests.api.strangers import Stranger, none_is_left

SHORT = ConnectionLimits(header_seconds=2, exchange_seconds=2, idle_seconds=1)
PATCH = f"PATCH {ANOMALIES}/x HTTP/1.1\r\nHost: h\r\n"


@pytest.fixture(scope="module")
def idle_database(
    new_database: Callable[[], AbstractContextManager[str]],
) -> Iterator[Database]:
    with new_database() as url, closing(Database(url, "loopctl_app")) as database:
        yield database


@pytest.fixture
def serve(idle_database: Database) -> Iterator[Callable[..., str]]:
    """Start servers with these limits; they end with the test."""
    with ExitStack() as servers:
        yield lambda limits=LIMITS: servers.enter_context(
            running(build_app(idle_database, Settings()), limits)
        )


Serve = Callable[..., str]


def _is_healthy(url: str) -> bool:
    return httpx2.get(f"{url}/health", timeout=60).status_code == 200


def test_a_header_of_100_mb_does_not_block_health(serve: Serve) -> None:
    url = serve()
    with Stranger(url) as stranger:
        stranger.send(b"GET /health HTTP/1.1\r\nX-Long: ")
        sent = stranger.send_while_accepted(b"x" * 1_000_000, times=100)
        assert _is_healthy(url)
        assert sent < 100
    none_is_left(url)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /health HTTP/1.1\r\nX-Long: " + b"x" * 32_768 + b"\r\n\r\n",
        b"GET /health HTTP/1.1\r\n" + b"x" * 36_864,
        b"GET /health HTTP/1.1\r\n" + b"X: y\r\n" * 6_000 + b"\r\n",
        b"GET /" + b"x" * 40_000,
        b"POST /health HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 6_000,
    ],
    ids=["one header", "an unfinished header", "many headers", "the URL", "after the body"],
)
def test_headers_of_more_than_32_kib_are_refused(serve: Serve, head: bytes) -> None:
    url = serve()
    with Stranger(url) as stranger:
        stranger.send(head)
        answer = stranger.answer()
    assert b" 431 " in answer or b" 405 " in answer
    none_is_left(url)


def test_headers_of_30_kib_are_accepted(serve: Serve) -> None:
    for header in (b"X-Long: " + b"x" * 30_000 + b"\r\n", b"X: y\r\n" * 3_000):
        with Stranger(serve()) as stranger:
            stranger.send(b"GET /health HTTP/1.1\r\nConnection: close\r\n" + header + b"\r\n")
            assert stranger.answer().startswith(b"HTTP/1.1 200")


def test_200_connections_with_unfinished_headers_end(serve: Serve) -> None:
    url = serve(SHORT)
    with ExitStack() as open_:
        strangers = []
        for _ in range(200):
            strangers.append(open_.enter_context(Stranger(url)))
            strangers[-1].send(b"GET /health HTTP/1.1\r\nHost: h\r\n")
        assert _is_healthy(url)
        for stranger in strangers:
            assert stranger.answer().startswith(b"HTTP/1.1 408")
    none_is_left(url)


def test_a_byte_now_and_then_does_not_extend_the_time_for_headers(serve: Serve) -> None:
    for first in (b"GET /health HTTP/1.1\r\nX: ", b"\r\n", b"GET /"):
        with Stranger(serve(SHORT)) as stranger:
            stranger.send(first)
            stranger.drip(b"\r\n" if first == b"\r\n" else b"x")
            assert stranger.ended


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12345",
    ],
    ids=["never a request", "after an answer", "after a body that nobody read"],
)
def test_an_idle_connection_ends(serve: Serve, head: bytes) -> None:
    with Stranger(serve(SHORT)) as stranger:
        stranger.send(head)
        assert stranger.answer().count(b"HTTP/1.1") == (1 if head else 0)


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 1000000\r\n\r\n",
        b"Content-Length: 99999999999999\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1;",
        b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ",
        b"Expect: 100-continue\r\nContent-Length: 10\r\n\r\n",
    ],
)
@pytest.mark.parametrize("head", [PATCH, "GET /health HTTP/1.1\r\nHost: h\r\n"])
def test_a_body_that_does_not_arrive_ends(serve: Serve, head: str, rest: bytes) -> None:
    url = serve(SHORT)
    with Stranger(url) as stranger:
        stranger.send(head.encode() + rest)
        stranger.drip(b"1")
        assert stranger.ended
    none_is_left(url)


def test_a_chunk_with_an_endless_extension_is_refused(serve: Serve) -> None:
    url = serve()
    with Stranger(url) as stranger:
        stranger.send(PATCH.encode() + b"Transfer-Encoding: chunked\r\n\r\n1;")
        assert stranger.send_while_accepted(b"x" * 1_000_000, times=100) < 100
    none_is_left(url)


def test_a_client_that_never_reads_its_answers_is_dropped(serve: Serve) -> None:
    url = serve(SHORT)
    with Stranger(url) as stranger:
        stranger.send(b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: h\r\n\r\n" * 10)
        none_is_left(url)


def test_requests_that_do_not_wait_for_answers_are_answered_in_their_order(serve: Serve) -> None:
    with Stranger(serve()) as stranger:
        stranger.send(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n" * 8)
        stranger.send(b"GET /nothing HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        answers = stranger.answer().split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [b"200"] * 8 + [b"404"]


def test_10000_requests_that_do_not_wait_for_answers_end_their_connection(serve: Serve) -> None:
    url = serve()
    with Stranger(url) as stranger:
        stranger.send_while_accepted(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n" * 100, times=100)
        assert stranger.answer().count(b"HTTP/1.1") < 10_000
        assert _is_healthy(url)
    none_is_left(url)


@pytest.mark.parametrize(
    "request_",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 100,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /health HTTP/1.1\r\nX: a\x00b\r\n\r\n",
        b"GET /health HTTP/1.1\r\nX\x00: a\r\n\r\n",
        b"GET /health\x00 HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/9.9\r\n\r\n",
        b"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
        b"POST /health HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /health HTTP/1.1\r\nContent-Length: 1e9\r\n\r\n",
        b"POST /health HTTP/1.1\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n",
        b"POST /health HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"PUT /health HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /health HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /health HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused_and_its_connection_ends(serve: Serve, request_: bytes) -> None:
    url = serve(SHORT)
    with Stranger(url) as stranger:
        stranger.send(request_)
        assert stranger.answer()[:10] == b"HTTP/1.1 4"
    assert _is_healthy(url)


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
def test_no_other_protocol_takes_the_connection_over(serve: Serve, protocol: str) -> None:
    with Stranger(serve(SHORT)) as stranger:
        upgrade = f"Connection: Upgrade\r\nUpgrade: {protocol}\r\nSec-WebSocket-Version: 13\r\n"
        stranger.send(f"GET /health HTTP/1.1\r\nHost: h\r\n{upgrade}\r\n".encode())
        assert stranger.answer().startswith(b"HTTP/1.1 200")


def test_health_is_answered_while_strangers_hold_all_connections(serve: Serve) -> None:
    url = serve(ConnectionLimits(connections=20))
    with ExitStack() as open_:
        strangers = [open_.enter_context(Stranger(url)) for _ in range(60)]
        for number, stranger in enumerate(strangers):
            stranger.send((b"GET /", PATCH.encode(), b"")[number % 3])
        for _ in range(3):
            assert _is_healthy(url)
        # the longest waiting was dropped, without a word
        assert strangers[0].answer() == b""


def test_a_connection_beyond_the_bound_is_closed_while_all_others_are_answered(
    idle_database: Database,
) -> None:
    app = build_app(idle_database, Settings())
    begun, go_on = Semaphore(0), Event()

    @app.get("/slow")
    async def slow() -> None:
        begun.release()
        await to_thread(go_on.wait)

    request = b"GET /slow HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    with (
        running(app, ConnectionLimits(connections=2)) as url,
        Stranger(url) as first,
        Stranger(url) as second,
    ):
        for stranger in (first, second):
            stranger.send(request)
            begun.acquire()
        with Stranger(url) as third:
            third.send(request)
            assert third.answer() == b""
        go_on.set()
        for stranger in (first, second):
            assert stranger.answer().startswith(b"HTTP/1.1 200")


def test_a_header_after_the_body_decides_nothing(serve: Serve) -> None:
    with Stranger(serve()) as stranger:
        stranger.send(
            f"GET {ANOMALIES} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
            "Transfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: Bearer x\r\n\r\n".encode()
        )
        assert b'"Unauthorized"' in stranger.answer()


def test_a_taken_connection_is_not_reset_by_what_is_left_of_a_body(serve: Serve) -> None:
    with Stranger(serve()) as stranger:
        body = b"x" * 1_000_000
        stranger.send(b"POST /health HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + body)
        stranger.send(b"GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        answers = stranger.answer().split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [b"405", b"200"]
