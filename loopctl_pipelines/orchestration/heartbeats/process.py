"""The identity of a process, which a later process with the same pid does not share."""

import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

_ENDED_STATES = {"Z", "X"}
_STATE, _STARTED = 0, 19
"""Fields of /proc/<pid>/stat after the name of the program."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process on some machine.

    Attributes:
        host: the machine since its last boot, and the container: where the pid has a meaning.
        pid: the process's id there.
        started: when it started, in a form that differs for another process of the same pid.
    """

    host: str
    pid: int
    started: str

    def is_gone(self) -> bool | None:
        """Return whether the process has ended; None if it is of another host, or hidden."""
        if self.host != _host():
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass  # another user's
        found = _started(self.pid)
        return None if found is None else found != self.started

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host.split()[0]}"


def this_process() -> Process:
    """Return the identity of this process."""
    return Process(_host(), os.getpid(), _started(os.getpid()) or "")


@cache
def _host() -> str:
    # two containers of one pod share the name, but not the pids
    parts = [socket.gethostname()]
    try:
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    except OSError:
        parts.append(f"{psutil.boot_time():.0f}")
    return " ".join(parts)


def _started(pid: int) -> str | None:
    """Return when a process started, "ended" for one that nobody waits for; None: not known."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        # where /proc hides other users' processes (hidepid), a living one looks like one that ended
        return None if Path("/proc/self/stat").exists() else _started_by_clock(pid)
    # ticks since boot: unlike a time of day, they do not move when the clock is set
    values = text.rpartition(")")[2].split()
    return "ended" if values[_STATE] in _ENDED_STATES else values[_STARTED]


def _started_by_clock(pid: int) -> str | None:
    try:
        return f"{psutil.Process(pid).create_time():.0f}"
    except psutil.NoSuchProcess:
        return "ended"
    except psutil.Error:
        return None
