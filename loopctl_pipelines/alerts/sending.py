"""Sends a message to targets within a deadline, whatever they do."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Final

from loopctl_pipelines.alerts.message import Message

DEADLINE_SECONDS: Final = 20.0
"""For one message and all its targets, which are sent to at once."""

# a second on a quiet machine
_LOADING_SECONDS: Final = 60.0

_PROGRAM: Final = [sys.executable, "-m", "loopctl_pipelines.alerts.sending_process"]


def send(
    message: Message, urls: Mapping[int, str], seconds: float = DEADLINE_SECONDS
) -> Iterator[int]:
    """Yield the places of the targets that accept the message, as soon as they do.

    Args:
        message: the message.
        urls: Apprise URLs by the target's place.
        seconds: after so long the targets that have not answered are given up. It begins when
            Apprise is loaded.
    """
    given = {
        "message": {"title": message.title, "text": message.text, "type": "warning"},
        "urls": {str(place): url for place, url in urls.items()},
        "seconds": seconds,
    }
    with _process() as process:
        if process.stdin is None or process.stdout is None:
            raise AssertionError
        with _killed_after(process, _LOADING_SECONDS):
            # a process that has ended by itself accepts nothing
            with suppress(BrokenPipeError):
                json.dump(given, process.stdin)
                process.stdin.close()
            process.stdout.readline()
        with _killed_after(process, seconds):
            for line in process.stdout:
                if (answer := line.strip()).isdigit() and int(answer) in urls:
                    yield int(answer)


@contextmanager
def _process() -> Iterator["subprocess.Popen[str]"]:
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
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def _killed_after(process: "subprocess.Popen[str]", seconds: float) -> Iterator[None]:
    deadline = Timer(seconds, process.kill)
    deadline.daemon = True
    deadline.start()
    try:
        yield
    finally:
        deadline.cancel()
