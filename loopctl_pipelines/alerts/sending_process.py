"""Sends one message to its targets, in a process of its own: `python -m`, with JSON on stdin.

A target's code may hang, print or log what it was given. The process is ended at the deadline, and
nothing that it says is kept but the places of the targets that accepted the message.
"""

import json
import logging
import os
import sys
from threading import Lock, Thread, Timer
from typing import TextIO, TypedDict

import apprise


class Given(TypedDict):
    """What is read: a message, URLs by the target's place, and the seconds until the end."""

    message: dict[str, str]
    urls: dict[str, str]
    seconds: float


def main() -> None:
    """Read the message, and write the place of each target that accepts it, a line each."""
    logging.disable(logging.CRITICAL)
    given: Given = json.load(sys.stdin)
    # whoever started this may be killed meanwhile
    deadline = Timer(given["seconds"], os._exit, [1])
    deadline.daemon = True
    deadline.start()
    with os.fdopen(os.dup(1), "w") as answers:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for descriptor in (1, 2):
            os.dup2(nowhere, descriptor)
        _send(given, answers)


def _send(given: Given, answers: TextIO) -> None:
    lock = Lock()

    def send(place: str, url: str) -> None:
        if _accepts(url, given["message"]):
            with lock:
                answers.write(f"{place}\n")
                answers.flush()

    threads = [Thread(target=send, args=each, daemon=True) for each in given["urls"].items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _accepts(url: str, message: dict[str, str]) -> bool:
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
    if target is None:
        return False
    target.overflow_mode = apprise.OverflowMode.TRUNCATE
    sender = apprise.Apprise(asset=asset)
    sender.add(target)
    return bool(
        sender.notify(
            title=message["title"],
            body=message["text"],
            notify_type=message["type"],
            body_format=apprise.NotifyFormat.TEXT,
        )
    )


if __name__ == "__main__":
    main()
