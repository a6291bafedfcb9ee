"""Whether a process still exists is known on its own host, and only there."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from loopctl_pipelines.orchestration.heartbeats.process import Process, this_process

_PRINTS_ITSELF = """
import sys
from loopctl_pipelines.orchestration.heartbeats.process import this_process
me = this_process()
print(me.host, me.pid, me.started, sep=";", flush=True)
sys.stdin.read()
"""

_HIDDEN = """
mount -t proc -o hidepid=invisible proc /proc
exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
"""
_LOOKS = """
import sys
from loopctl_pipelines.orchestration.heartbeats.process import Process
print(Process(sys.argv[1], int(sys.argv[2]), sys.argv[3]).is_gone())
"""


def _started() -> tuple["subprocess.Popen[str]", Process]:
    child = subprocess.Popen(
        [sys.executable, "-c", _PRINTS_ITSELF],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout
    host, pid, started = child.stdout.readline().strip().split(";")
    return child, Process(host, int(pid), started)


def test_a_process_is_gone_once_it_is_killed_even_if_nobody_has_waited_for_it() -> None:
    child, process = _started()
    with child:
        assert process.is_gone() is False
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
        assert process.is_gone() is True
        child.wait()
        assert process.is_gone() is True


def test_a_later_process_of_the_same_pid_is_another_one() -> None:
    me = this_process()
    assert me.is_gone() is False
    assert replace(me, started="1").is_gone() is True


def test_of_a_process_on_another_host_or_in_another_container_nothing_is_known() -> None:
    me = this_process()
    assert replace(me, host="elsewhere").is_gone() is None
    assert replace(me, host=f"{me.host} pid:[1]").is_gone() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hide processes from another user")
def test_a_process_that_the_system_hides_from_other_users_is_not_taken_for_gone() -> None:
    me = this_process()
    look = [sys.executable, "-c", _LOOKS, me.host, str(me.pid), me.started]
    hidden = ["unshare", "--mount", "sh", "-ec", _HIDDEN, "sh", *look]
    seen = subprocess.run(hidden, capture_output=True, text=True, check=False)
    if "Operation not permitted" in seen.stderr:
        pytest.skip("a container's root may not mount /proc")
    assert seen.stdout.strip() == "None", seen.stderr


def test_a_message_names_the_machine_and_the_process() -> None:
    assert str(Process("node-7 0f3a pid:[402]", 12, "99")) == "process 12 on node-7"
