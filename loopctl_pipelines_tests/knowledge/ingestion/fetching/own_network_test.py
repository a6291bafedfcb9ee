"""What a fetch reaches where every address would answer: public ones, without any imitation."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from loopctl_pipelines_tests.knowledge.ingestion.fetching import own_network

PUBLIC = "93.184.215.14"
_IN_A_NAMESPACE = ("unshare", "--map-root-user", "--net", "--")
_CASES = {
    f"http://{PUBLIC}/": ["a document", [PUBLIC]],
    f"http://{PUBLIC}/?to=/moved": ["a document", [PUBLIC, PUBLIC]],
    f"http://{PUBLIC}/?to=http://127.0.0.1/": ["address_not_allowed", [PUBLIC]],
    f"http://{PUBLIC}/?to=http://localhost/": ["address_not_allowed", [PUBLIC]],
    f"http://{PUBLIC}/?to=http://169.254.169.254/latest/": ["address_not_allowed", [PUBLIC]],
    "http://127.0.0.1/": ["address_not_allowed", []],
    # by the system's resolver
    "http://localhost/": ["address_not_allowed", []],
    "http://10.0.0.1/": ["address_not_allowed", []],
    "http://172.16.0.1/": ["address_not_allowed", []],
    "http://192.168.0.1/": ["address_not_allowed", []],
    "http://169.254.169.254/latest/meta-data": ["address_not_allowed", []],
    "http://100.64.0.1/": ["address_not_allowed", []],
}


@pytest.fixture
def own_network_command() -> tuple[str, ...]:
    """What runs a command in a network namespace; CI must have it."""
    reason = (
        "network namespaces are not available: `unshare` and `ip` must run without root's rights"
    )
    is_there = shutil.which("unshare") and shutil.which("ip")
    if not is_there or subprocess.run((*_IN_A_NAMESPACE, "true"), check=False).returncode != 0:
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return _IN_A_NAMESPACE


def test_only_public_addresses_are_connected_to_by_the_real_resolver_and_connector(
    own_network_command: tuple[str, ...],
) -> None:
    program = (sys.executable, "-m", own_network.__name__, *_CASES)
    done = subprocess.run((*own_network_command, *program), check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    for address, (unguarded, *guarded) in zip(_CASES, json.loads(done.stdout), strict=True):
        # without the guard each of them answers
        assert unguarded == "a document"
        assert guarded == _CASES[address], address
