"""How a web address is parsed, and which part is shown."""

from ipaddress import ip_address

import pytest

from loopctl_pipelines.knowledge.ingestion.failures import DocumentFailure
from loopctl_pipelines.knowledge.ingestion.fetching.web_address import WebAddress, parse_address


def parsed(text: str) -> WebAddress:
    """Return an address that is not refused."""
    address = parse_address(text, {80, 443})
    assert isinstance(address, WebAddress), address
    return address


def test_what_is_shown_has_no_userinfo_no_query_and_no_fragment() -> None:
    address = parsed("https://me:secret@docs.example/a/b?token=secret#secret")
    assert address.shown == "https://docs.example/a/b"
    assert "secret" not in repr(address)
    assert address.has_secret
    assert address.target == "/a/b?token=secret"
    assert not parsed("https://docs.example/a#part").has_secret


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("http://DOCS.Example.", "docs.example"),
        ("http://bücher.example/", "xn--bcher-kva.example"),
        ("http://8.8.8.8/", "8.8.8.8"),
        ("http://[2606:4700:4700:0::1111]/", "2606:4700:4700::1111"),
    ],
)
def test_a_host_has_one_form(given: str, host: str) -> None:
    assert parsed(given).host == host


def test_a_path_with_other_characters_is_percent_encoded_once() -> None:
    assert parsed("http://docs.example/ä%20b?q=ö").target == "/%C3%A4%20b?q=%C3%B6"


@pytest.mark.parametrize(
    ("given", "failure"),
    [
        ("ftp://docs.example/", DocumentFailure.SCHEME_NOT_ALLOWED),
        ("file:///etc/passwd", DocumentFailure.SCHEME_NOT_ALLOWED),
        ("docs.example/a", DocumentFailure.INVALID_URL),
        ("http://", DocumentFailure.INVALID_URL),
        ("http:///a", DocumentFailure.INVALID_URL),
        ("http://docs.example:22/", DocumentFailure.PORT_NOT_ALLOWED),
        ("http://docs.example:0/", DocumentFailure.PORT_NOT_ALLOWED),
        ("http://docs.example:99999/", DocumentFailure.INVALID_URL),
        ("http://docs.example\\@127.0.0.1/", DocumentFailure.INVALID_URL),
        ("http://docs.example/a\r\nHost: b", DocumentFailure.INVALID_URL),
        ("http://docs.example/\ud800", DocumentFailure.INVALID_URL),
        ("http://docs.example/\x00", DocumentFailure.INVALID_URL),
        ("http://%31%32%37.0.0.1/", DocumentFailure.INVALID_URL),
        ("http://[::1%25eth0]/", DocumentFailure.INVALID_URL),
        ("http://[::1/", DocumentFailure.INVALID_URL),
        ("http://docs.example[2606:4700:4700::1111]/", DocumentFailure.INVALID_URL),
        ("http://[2606:4700:4700::1111]docs.example/", DocumentFailure.INVALID_URL),
        ("http://127.0.0.1@me@docs.example/", DocumentFailure.INVALID_URL),
        ("http://8.8.8.8../", DocumentFailure.INVALID_URL),
        (f"http://docs.example/{'a' * 9_000}", DocumentFailure.INVALID_URL),
    ],
)
def test_an_address_with_no_single_meaning_is_refused(given: str, failure: DocumentFailure) -> None:
    assert parse_address(given, {80, 443}) is failure


def test_digits_that_only_some_parsers_read_as_an_address_are_read_or_refused() -> None:
    assert parsed("http://\uff11\uff16\uff19.254.169\u3002254/").literal == ip_address(
        "169.254.169.254"
    )
    assert parse_address("http://0x7f.1/", {80}) is DocumentFailure.INVALID_URL
