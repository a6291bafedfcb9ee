"""What a fetch refuses to connect to, however it is asked."""

import pytest

from loopctl_pipelines.knowledge.ingestion.documents.read_document import FetchedDocument
from loopctl_pipelines.knowledge.ingestion.failures import DocumentFailure, FetchFailure
from loopctl_pipelines_tests.knowledge.ingestion.fetching.web import PUBLIC, Web, page, redirect

NOT_ALLOWED = FetchFailure(DocumentFailure.ADDRESS_NOT_ALLOWED)
INVALID = FetchFailure(DocumentFailure.INVALID_URL)


@pytest.mark.parametrize(
    ("address", "failure"),
    [
        ("http://169.254.169.254/latest/meta-data", NOT_ALLOWED),
        ("http://169.254.169.254./", NOT_ALLOWED),
        ("http://docs.example@169.254.169.254/", NOT_ALLOWED),
        ("http://[::ffff:169.254.169.254]/", NOT_ALLOWED),
        ("http://[::ffff:a9fe:a9fe]/", NOT_ALLOWED),
        ("http://[::169.254.169.254]/", NOT_ALLOWED),
        ("http://[64:ff9b::a9fe:a9fe]/", NOT_ALLOWED),
        ("http://[2002:a9fe:a9fe::]/", NOT_ALLOWED),
        ("http://[2001:0:808:808::5601:5601]/", NOT_ALLOWED),
        (
            "http://\uff11\uff16\uff19.\uff12\uff15\uff14.\uff11\uff16\uff19.\uff12\uff15\uff14/",
            NOT_ALLOWED,
        ),
        ("http://metadata.example/", NOT_ALLOWED),
        ("http://2852039166/", INVALID),
        ("http://0xa9fea9fe/", INVALID),
        ("http://0251.0376.0251.0376/", INVALID),
        ("http://169.254.43518/", INVALID),
        ("http://%31%36%39.254.169.254/", INVALID),
    ],
)
def test_the_metadata_address_is_refused_in_every_spelling(
    address: str, failure: FetchFailure
) -> None:
    web = Web({})
    web.names["metadata.example"] = [["169.254.169.254"]]
    with web.fetcher() as fetcher:
        assert fetcher.fetch(address) == failure
    assert web.connected == []


def test_a_name_with_a_public_and_a_private_address_is_refused() -> None:
    web = Web({})
    web.names["docs.example"] = [[str(PUBLIC), "10.0.0.1"]]
    with web.fetcher() as fetcher:
        assert fetcher.fetch("http://docs.example/") == NOT_ALLOWED
    assert web.connected == []


def test_a_name_that_changes_after_its_check_is_not_resolved_again() -> None:
    web = Web({"/": page(b"public")})
    web.names["docs.example"] = [[str(PUBLIC)], ["127.0.0.1"]]
    with web.fetcher() as fetcher:
        assert fetcher.fetch("http://docs.example/") == FetchedDocument("public")
    assert (web.resolved, web.connected) == (["docs.example"], [(PUBLIC, 80)])


@pytest.mark.parametrize(
    ("location", "failure"),
    [
        ("http://127.0.0.1/", NOT_ALLOWED),
        ("//[::1]/", NOT_ALLOWED),
        ("http://inside.example/", NOT_ALLOWED),
        ("http://docs.example:22/", FetchFailure(DocumentFailure.PORT_NOT_ALLOWED)),
        ("file:///etc/passwd", FetchFailure(DocumentFailure.SCHEME_NOT_ALLOWED)),
        ("http://me:secret@docs.example/", FetchFailure(DocumentFailure.REDIRECT_NOT_ALLOWED)),
        ("http://0x7f000001/", INVALID),
        ("http://[", INVALID),
    ],
)
def test_a_redirect_is_checked_as_the_first_address_is(
    location: str, failure: FetchFailure
) -> None:
    web = Web({"/": redirect(location)})
    web.names["inside.example"] = [["192.168.0.1"]]
    with web.fetcher() as fetcher:
        assert fetcher.fetch("http://docs.example/") == failure
    assert web.connected == [(PUBLIC, 80)]


def test_a_name_that_has_become_private_is_refused_at_its_redirect() -> None:
    web = Web({"/": redirect("/again")})
    web.names["docs.example"] = [[str(PUBLIC)], ["127.0.0.1"]]
    with web.fetcher() as fetcher:
        assert fetcher.fetch("http://docs.example/") == NOT_ALLOWED
    assert web.connected == [(PUBLIC, 80)]


def test_a_redirect_to_another_server_takes_no_password_along() -> None:
    web = Web({"/": redirect("http://other.example/b", 307), "/b": page(b"moved")})
    web.names["other.example"] = [[str(PUBLIC)]]
    with web.fetcher() as fetcher:
        assert fetcher.fetch("http://me:secret@docs.example/") == FetchedDocument("moved")
    [(_, first), (_, second)] = web.requests
    assert first["Authorization"] == "Basic bWU6c2VjcmV0"
    assert "Authorization" not in second


def test_redirects_end_after_five() -> None:
    web = Web({"/": redirect("/")})
    with web.fetcher() as fetcher:
        failure = fetcher.fetch("http://docs.example/")
    assert failure == FetchFailure(DocumentFailure.TOO_MANY_REDIRECTS)
    assert len(web.requests) == 6


def test_a_further_address_of_the_name_is_tried() -> None:
    web = Web({"/": page(b"here")})
    web.names["docs.example"] = [["8.8.8.8", str(PUBLIC)]]
    with web.fetcher() as fetcher:
        assert fetcher.fetch("http://docs.example/") == FetchedDocument("here")
