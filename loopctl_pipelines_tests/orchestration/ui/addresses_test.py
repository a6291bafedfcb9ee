"""Which Host and Origin headers belong to the UI."""

import pytest

from loopctl_pipelines.orchestration.ui.addresses import Addresses, is_loopback

_EVERYWHERE = "0.0.0.0"  # noqa: S104 - compared, not bound


@pytest.mark.parametrize(
    ("listens", "named", "expected"),
    [
        ("127.0.0.1", "127.0.0.1:3000", True),
        ("127.0.0.1", "LOCALHOST:3000", True),
        ("127.0.0.1", "[::1]:3000", True),
        ("127.0.0.1", "localhost:3001", False),
        ("127.0.0.1", "localhost", False),
        ("127.0.0.1", "", False),
        ("127.0.0.1", "192.0.2.7:3000", False),
        # a name that its owner makes resolve to 127.0.0.1
        ("127.0.0.1", "evil.example:3000", False),
        ("127.0.0.1", "localhost:3000.evil.example", False),
        ("127.0.0.1", "127.0.0.1.evil.example:3000", False),
        ("build.example", "build.example:3000", True),
        (_EVERYWHERE, "192.0.2.7:3000", True),
        (_EVERYWHERE, "[2001:db8::7]:3000", True),
        (_EVERYWHERE, "192.0.2.7:3001", False),
        (_EVERYWHERE, "evil.example:3000", False),
        (_EVERYWHERE, "evil.example@192.0.2.7:3000", False),
        (_EVERYWHERE, "192.0.2.7:3000/evil.example", False),
        (_EVERYWHERE, "192.0.2.7:port", False),
    ],
)
def test_a_name_that_was_not_listed_is_not_expected(
    listens: str, named: str, *, expected: bool
) -> None:
    assert Addresses.of(listens, 3000).expect_host(named) is expected


@pytest.mark.parametrize(
    ("listens", "origin", "host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:3000", "127.0.0.1:3000", True),
        ("127.0.0.1", "http://localhost:3000", "127.0.0.1:3000", True),
        # another service of this machine
        ("127.0.0.1", "http://localhost:8000", "127.0.0.1:3000", False),
        ("127.0.0.1", "https://localhost:3000", "127.0.0.1:3000", False),
        ("127.0.0.1", "http://evil.example", "127.0.0.1:3000", False),
        ("127.0.0.1", "null", "127.0.0.1:3000", False),
        ("127.0.0.1", "", "127.0.0.1:3000", False),
        (_EVERYWHERE, "http://192.0.2.7:3000", "192.0.2.7:3000", True),
        (_EVERYWHERE, "http://192.0.2.8:3000", "192.0.2.7:3000", False),
        (_EVERYWHERE, "http://evil.example:3000", "192.0.2.7:3000", False),
    ],
)
def test_the_page_of_another_origin_is_not_expected(
    listens: str, origin: str, host: str, *, expected: bool
) -> None:
    assert Addresses.of(listens, 3000).expect_origin(origin, host) is expected


def test_a_proxys_address_is_expected_as_browsers_write_it() -> None:
    addresses = Addresses.of("127.0.0.1", 80, ["https://Dagster.Example:443/", "http://other:8080"])
    for host in ("dagster.example", "other:8080", "127.0.0.1"):
        assert addresses.expect_host(host)
    assert addresses.expect_origin("https://dagster.example", "dagster.example")
    assert not addresses.expect_origin("http://dagster.example", "dagster.example")


@pytest.mark.parametrize("url", ["dagster.example", "ftp://dagster.example", "https://", "//x"])
def test_a_proxys_address_is_a_url_of_the_web(url: str) -> None:
    with pytest.raises(ValueError, match="is not an http or https URL"):
        Addresses.of("127.0.0.1", 3000, [url])


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        *(("127.0.0.1", False), ("localhost", False), ("::1", False), ("127.1.2.3", False)),
        *((_EVERYWHERE, True), ("::", True), ("192.0.2.7", True), ("build.example", True)),
    ],
)
def test_other_machines_reach_what_does_not_listen_on_loopback(host: str, *, reached: bool) -> None:
    assert is_loopback(host) is not reached
