"""Sends a message to targets within a deadline, whatever they do."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Timer
from typing import IO, Final

from loopctl_pipelines.alerts.message import Message

DEADLINE_SECONDS: Final = 20.0
"""For one message and all its targets, which are sent to at once."""

_PROGRAM: Final = [sys.executable, "-m", "loopctl_pipelines.alerts.sending_process"]


def send(
    message: Message, urls: Mapping[int, str], seconds: float = DEADLINE_SECONDS
) -> Iterator[int]:
    """Yield the places of the targets that accept the message, as soon as they do.

    Args:
        message: the message.
        urls: Apprise URLs by the target's place.
        seconds: after so long the targets that have not answered are given up.
    """
    given = {
        "message": {"title": message.title, "text": message.text, "type": "warning"},
        "urls": {str(place): url for place, url in urls.items()},
        "seconds": seconds,
    }
    with _process(seconds) as (questions, answers):
        try:
            json.dump(given, questions)
            questions.close()
        except BrokenPipeError:
            return
        for line in answers:
            if (answer := line.strip()).isdigit() and int(answer) in urls:
                yield int(answer)


@contextmanager
def _process(seconds: float) -> Iterator[tuple[IO[str], IO[str]]]:
    # it needs none of our settings, which hold secrets
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("LOOPCTL_")
    }
    with subprocess.Popen(
        _PROGRAM,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        deadline = Timer(seconds, process.kill)
        deadline.daemon = True
        deadline.start()
        try:
            if process.stdin is None or process.stdout is None:
                raise AssertionError
            yield process.stdin, process.stdout
        finally:
            deadline.cancel()
            process.kill()
