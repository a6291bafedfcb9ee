"""SIGINT, SIGTERM and SIGHUP end a command alike, however it was started."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_REPEATED_WITHIN_SECONDS: Final = 5.0


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Have these signals raise KeyboardInterrupt, and exit with 128 + the signal's number.

    A shell starts a background job with SIGINT ignored, and Dagster gives SIGTERM the handler of
    SIGINT: without this, nothing but SIGKILL ends such a command. SIGHUP stays ignored if it was,
    as `nohup` wants it. A command that ends well in spite of a signal keeps its exit code.

    Raises:
        SystemExit: with that code, if a signal ended the command.
    """
    # Dagster puts handlers of its own in place; the kernel's record names the signal even then
    received, record = os.pipe()
    os.set_blocking(received, False)
    os.set_blocking(record, False)
    signal.set_wakeup_fd(record, warn_on_full_buffer=False)
    handler = _InterruptOnce()
    # the same handler for both: Dagster saves that of SIGINT, and gives it to SIGTERM later
    signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGTERM, handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _as_interrupt)
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as end:
        ended_well = isinstance(end, SystemExit) and end.code in {None, 0}
        if ended_well or (number := _first(received)) is None:
            raise
        sys.exit(128 + number)


class _InterruptOnce:
    """Raises KeyboardInterrupt, but not again in the seconds in which a command cleans up.

    A service manager sends SIGTERM and SIGHUP together, a terminal SIGHUP after Ctrl-C.
    """

    def __init__(self) -> None:
        self._last = float("-inf")

    def __call__(self, *_: object) -> None:
        """Handle a signal."""
        now = time.monotonic()
        if now - self._last >= _REPEATED_WITHIN_SECONDS:
            self._last = now
            raise KeyboardInterrupt


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    """Do what SIGINT does now, which Dagster changes during a run."""
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(number, frame)


def _first(received: int) -> int | None:
    try:
        numbers = os.read(received, 4096)
    except BlockingIOError:
        return None
    return next((number for number in numbers if number in _ENDING), None)
