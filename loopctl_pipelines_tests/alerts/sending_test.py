"""A message reaches the targets that accept it, whatever the others do."""

import socket

from loopctl_pipelines.alerts.message import Message
from loopctl_pipelines.alerts.sending import send
from loopctl_pipelines_tests.alerts.http_target import HttpTarget

_MESSAGE = Message("loopctl: a title", "a text\nof <two> lines & *more*")


def test_a_target_gets_title_and_text_unchanged(target: HttpTarget) -> None:
    assert list(send(_MESSAGE, {7: target.url()})) == [7]
    [received] = target.received
    assert (received["title"], received["message"]) == (_MESSAGE.title, _MESSAGE.text)


def test_a_target_that_refuses_one_that_redirects_and_one_that_is_not_there_accept_nothing(
    target: HttpTarget,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed = f"json://127.0.0.1:{unused.getsockname()[1]}/"
    elsewhere = f"http://{target.address}/elsewhere"
    with (
        HttpTarget(500) as refusing,
        HttpTarget(307, elsewhere) as redirecting,
        HttpTarget(302, elsewhere) as leading,
    ):
        urls = [refusing.url(), redirecting.url(), leading.url(), closed, target.url()]
        assert list(send(_MESSAGE, dict(enumerate(urls)))) == [4]
    assert target.paths == ["/s3cr3t-t0ken"]


def test_a_target_that_never_ends_its_answer_keeps_the_message_from_no_other(
    target: HttpTarget,
) -> None:
    with HttpTarget(0) as hanging:
        answers = send(_MESSAGE, {1: hanging.url(), 2: target.url()}, 600)
        assert next(iter(answers)) == 2


def test_a_target_that_never_ends_its_answer_is_given_up() -> None:
    with HttpTarget(0) as hanging:
        assert list(send(_MESSAGE, {1: hanging.url()}, 3)) == []
