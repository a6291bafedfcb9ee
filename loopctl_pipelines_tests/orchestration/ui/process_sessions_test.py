"""Processes of a session end with it, whatever they do about signals and parents."""

import os
import sys
import time
from pathlib import Path

import psutil

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
