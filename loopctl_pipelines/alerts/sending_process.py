"""Sends one message to its targets, in a process of its own: `python -m`, with JSON on stdin.

A target's code may hang, print or log what it was given. The process is ended at the deadline, and
nothing that it says is kept but the places of the targets that accepted the message.
"""

import json
import logging
import os
import sys
from collections.abc import Mapping
from threading import Lock, Thread, Timer
from typing import Final, TextIO, TypedDict

import apprise

READY: Final = "ready"
_TIMEOUT_SECONDS: Final = 15.0


class Given(TypedDict):
    """What is read: a message, URLs by the target's place, and the seconds until the end."""

    message: dict[str, str]
    urls: dict[str, str]
    seconds: float


def main() -> None:
    """Read the message, and write the place of each target that accepts it, a line each.

    The first line says that everything is loaded: the deadline begins then.
    """
    logging.disable(logging.CRITICAL)
    given: Given = json.load(sys.stdin)
    with os.fdopen(os.dup(1), "w") as answers:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for descriptor in (1, 2):
            os.dup2(nowhere, descriptor)
        targets = {place: _target(url) for place, url in given["urls"].items()}
        # the process that started this may be killed meanwhile
        deadline = Timer(given["seconds"], os._exit, [1])
        deadline.daemon = True
        deadline.start()
        _say(answers, READY)
        _send(given["message"], targets, answers)


def _target(url: str) -> apprise.NotifyBase | None:
    asset = apprise.AppriseAsset(
        app_id="loopctl-pipelines",
        app_desc="loopctl-pipelines",
        app_url="",
        # a redirect may lead the secrets in a URL elsewhere, or to a page that accepts anything
        http_redirects=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY.value,
        async_mode=False,
    )
    target = apprise.Apprise.instantiate(url, asset=asset)
    if target is not None:
        target.overflow_mode = apprise.OverflowMode.TRUNCATE
        # who answers after Apprise's 4 seconds has the message, and would get it again
        target.socket_connect_timeout = target.socket_read_timeout = _TIMEOUT_SECONDS
    return target


def _send(
    message: Mapping[str, str], targets: Mapping[str, apprise.NotifyBase | None], answers: TextIO
) -> None:
    lock = Lock()

    def send(place: str, target: apprise.NotifyBase) -> None:
        if _accepts(target, message):
            with lock:
                _say(answers, place)

    threads = [
        Thread(target=send, args=(place, target), daemon=True)
        for place, target in targets.items()
        if target is not None
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _accepts(target: apprise.NotifyBase, message: Mapping[str, str]) -> bool:
    sender = apprise.Apprise(asset=target.asset)
    sender.add(target)
    return bool(
        sender.notify(
            title=message["title"],
            body=message["text"],
            notify_type=message["type"],
            body_format=apprise.NotifyFormat.TEXT,
        )
    )


def _say(answers: TextIO, line: str) -> None:
    answers.write(f"{line}\n")
    answers.flush()


if __name__ == "__main__":
    main()
