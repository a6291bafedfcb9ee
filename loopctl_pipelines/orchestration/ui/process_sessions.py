"""Processes that are started in sessions of their own, and end with all their descendants.

Nothing that Dagster starts leaves its session, and a session keeps those whose parent has ended.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import psutil

_GENTLE_SECONDS: Final = 20.0
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

        Args:
            name: the name by which `ended` reports its end.
            command: the command.
            descriptors: file descriptors that it inherits.
        """
        leader = subprocess.Popen(  # noqa: S603 - our own commands
            command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=descriptors,
        )
        self._leaders.append(leader)
        self._latest[name] = leader

    def ended(self) -> tuple[str, int] | None:
        """Return name and status of a process that has ended and was not started again.

        The status is the exit code, or the number of the signal that killed it.
        """
        for name, leader in self._latest.items():
            # it is not reaped: its process id, the session's, must not be given to another program
            found = os.waitid(os.P_PID, leader.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if found is not None:
                return name, found.si_status
        return None

    def end(self) -> None:
        """End them and all their descendants: by SIGTERM first, and by SIGKILL after 20 seconds."""
        until = time.monotonic() + _GENTLE_SECONDS
        asked: set[psutil.Process] = set()
        while running := self._running():
            for process in running - asked:
                _signal(process, psutil.Process.terminate)
            asked |= running
            if time.monotonic() > until:
                for process in running:
                    _signal(process, psutil.Process.kill)
            time.sleep(_POLL_SECONDS)
        for leader in self._leaders:
            leader.wait()

    def _running(self) -> set[psutil.Process]:
        sessions = {leader.pid for leader in self._leaders}
        return {process for process in psutil.process_iter() if _is_in(process, sessions)}


def _is_in(process: psutil.Process, sessions: set[int]) -> bool:
    try:
        return os.getsid(process.pid) in sessions and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.Error):
        return False


def _signal(process: psutil.Process, send: Callable[[psutil.Process], None]) -> None:
    with contextlib.suppress(psutil.Error):
        send(process)
