"""Processes that are started in sessions of their own, and end with all their descendants.

Nothing that Dagster starts leaves its session, and a session keeps those whose parent has ended.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import psutil

from loopctl_pipelines.orchestration.ui.tied_process import tied

ENDING_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that end all of them."""

_KILLED_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.2


class ProcessSessions:
    """Any number of processes, each the leader of a session."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Take the folder in which they run, and their environment."""
        self._folder = folder
        self._environment = environment
        self._leaders: list[subprocess.Popen[bytes]] = []
        self._latest: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str], descriptors: Sequence[int] = ()) -> None:
        """Start a process, or start it again. No terminal's Ctrl-C reaches it.

        It ends with this process, however that ends.

        Args:
            name: the name by which `ended` reports its end.
            command: the command.
            descriptors: file descriptors that it inherits.
        """
        with _signals_deferred():
            leader = subprocess.Popen(  # noqa: S603 - our own commands
                tied(command),
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=descriptors,
            )
            self._leaders.append(leader)
            self._latest[name] = leader

    def ended(self) -> str | None:
        """Return the name of a process that has ended and was not started again."""
        # it is not reaped: its process id, the session's, must not be given to another program
        ended = (name for name, leader in self._latest.items() if _is_over(leader.pid))
        return next(ended, None)

    def end(self, *, gentle_seconds: float = 20.0) -> None:
        """End them and all their descendants: by SIGTERM, and what stays by SIGKILL."""
        self._signal_until_gone(psutil.Process.terminate, gentle_seconds)
        self._signal_until_gone(psutil.Process.kill, _KILLED_SECONDS)
        for leader in self._leaders:
            leader.poll()

    def _signal_until_gone(self, send: Callable[[psutil.Process], None], seconds: float) -> None:
        until = time.monotonic() + seconds
        signalled: set[psutil.Process] = set()
        # some may be started only now
        while (running := self._running()) and time.monotonic() < until:
            for process in running - signalled:
                with contextlib.suppress(psutil.Error):
                    send(process)
            signalled |= running
            time.sleep(_POLL_SECONDS)

    def _running(self) -> set[psutil.Process]:
        sessions = {leader.pid for leader in self._leaders}
        return {process for process in psutil.process_iter() if _is_in(process, sessions)}


@contextlib.contextmanager
def _signals_deferred() -> Iterator[None]:
    """Handle signals after the block: an exception in it would lose a process that has started."""
    received: list[int] = []
    before = {sign: signal.getsignal(sign) for sign in ENDING_SIGNALS}
    # a child inherits an ignored signal, as `nohup` wants it
    handled = {sign: handler for sign, handler in before.items() if callable(handler)}
    try:
        for sign in handled:
            signal.signal(sign, lambda number, _: received.append(number))
        yield
    finally:
        for sign, handler in handled.items():
            signal.signal(sign, handler)
        for number in received:
            signal.raise_signal(number)


def _is_in(process: psutil.Process, sessions: set[int]) -> bool:
    try:
        return os.getsid(process.pid) in sessions and not _is_over(process.pid)
    except OSError:
        return False


def _is_over(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True
