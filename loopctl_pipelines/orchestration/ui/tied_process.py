"""A program that gets SIGTERM when the process that started it ends, even by SIGKILL.

Otherwise a killed `dev` leaves its daemon running, and the next one starts a second daemon on the
same storage. Linux only; elsewhere the program runs as it is.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def tied(command: Sequence[str]) -> list[str]:
    """Return the command that runs this command, tied to the process that starts it."""
    return [sys.executable, "-m", __name__, str(os.getpid()), *command]


def _main() -> None:
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        # it survives the exec
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):
        sys.exit(1)  # it ended in the meantime
    os.execvp(command[0], command)  # noqa: S606 - our own commands, no shell


if __name__ == "__main__":
    _main()
