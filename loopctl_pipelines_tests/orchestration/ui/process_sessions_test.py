"""Processes of a session end with it, whatever they do about signals and parents."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from loopctl_pipelines.orchestration.ui.process_sessions import ProcessSessions

# a parent that ends at SIGTERM, and a child that ignores it and loses its parent
_STUBBORN = """
import os, pathlib, signal, sys, time
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    pathlib.Path("child.new").write_text(str(os.getpid()))
    os.rename("child.new", "child")
time.sleep(600)
"""


def test_a_signal_while_a_process_is_started_loses_none(tmp_path: Path) -> None:
    command = ["sleep", f"600.{os.getpid()}"]
    for half_milliseconds in range(1, 9):
        sessions = ProcessSessions(tmp_path, os.environ)
        with pytest.raises(KeyboardInterrupt):
            _start(sessions, command, interrupted_after=half_milliseconds / 2000)
        sessions.end()
    assert command not in [each.info["cmdline"] for each in psutil.process_iter(["cmdline"])]


def _start(sessions: ProcessSessions, command: list[str], *, interrupted_after: float) -> None:
    before = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        signal.setitimer(signal.ITIMER_REAL, interrupted_after)
        sessions.start("sleeping", command)
        time.sleep(600)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_child_that_ignores_the_signal_and_has_lost_its_parent_is_killed(tmp_path: Path) -> None:
    sessions = ProcessSessions(tmp_path, os.environ)
    sessions.start("stubborn", [sys.executable, "-c", _STUBBORN])
    while not (tmp_path / "child").exists():
        time.sleep(0.05)
    child = psutil.Process(int((tmp_path / "child").read_text()))
    assert sessions.ended() is None
    sessions.end(gentle_seconds=0.5)
    assert sessions.ended() == "stubborn"
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


_STARTS_ANOTHER = """
import os, pathlib, sys, time
from loopctl_pipelines.orchestration.ui.process_sessions import ProcessSessions
waits = "import os, time; os.rename('new', str(os.getpid()) + '.pid'); time.sleep(600)"
pathlib.Path("new").touch()
ProcessSessions(pathlib.Path(), os.environ).start("waits", [sys.executable, "-c", waits])
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal is Linux's")
def test_what_a_killed_dev_had_started_does_not_stay(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _STARTS_ANOTHER], cwd=tmp_path) as parent:
        while not (started := list(tmp_path.glob("*.pid"))):
            assert parent.poll() is None
            time.sleep(0.05)
        child = psutil.Process(int(started[0].stem))
        parent.kill()
    _, running = psutil.wait_procs([child], timeout=60)
    assert running == [] or child.status() == psutil.STATUS_ZOMBIE
