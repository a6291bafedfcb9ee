"""A forked process, with what tests use of `subprocess.Popen`."""

import os
import signal
from multiprocessing.process import BaseProcess
from subprocess import TimeoutExpired
from typing import IO, Self


class WarmProcess:
    """A running process.

    Attributes:
        pid: its id.
        stdout: what it prints, if that goes into a pipe.
        stderr: its errors, likewise.
    """

    def __init__(
        self, process: BaseProcess, stdout: IO[str] | None = None, stderr: IO[str] | None = None
    ) -> None:
        assert process.pid
        self.pid = process.pid
        self.stdout = stdout
        self.stderr = stderr
        self._process = process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self.stdout, self.stderr):
            if stream:
                stream.close()
        self.wait()

    @property
    def returncode(self) -> int | None:
        """Its status; that of a process ended by a signal is negative."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return its status, or None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; return its status."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutExpired("a forked process", timeout or 0)
        return self._process.exitcode

    def send_signal(self, sign: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sign)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def communicate(self) -> tuple[str, str]:
        """Return what it still says until its end. Its errors must fit into a pipe meanwhile."""
        said = [stream.read() if stream else "" for stream in (self.stdout, self.stderr)]
        self.wait()
        return said[0], said[1]
