"""`loopctl-pipelines dev` on the data of `loopctl-pipelines demo`, in a LOOPCTL_HOME of its own."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from loopctl_pipelines_tests.cli.dev_process import Dev, background_dev
from loopctl_pipelines_tests.shell import Shell

_ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:\d+")


def fill_demo(folder: Path) -> Shell:
    """Run the demo on an embedded server in this folder; return the shell for further commands."""
    shell = Shell(folder / "home")
    status, output, errors = shell.run("demo")
    assert status == 0, f"{output}\n{errors}"
    return shell


@contextmanager
def running_dev(shell: Shell, folder: Path) -> Iterator[Dev]:
    """Run UI and daemon inside the block, on a port that is free."""
    with background_dev(shell, folder / "printed") as dev:
        yield dev


@contextmanager
def running_api(shell: Shell, folder: Path, *, tenant: str) -> Iterator[tuple[str, str]]:
    """Serve the API inside the block; yield its address and a key of this tenant's."""
    printed = folder / "api"
    with printed.open("w") as output:
        options = ("--port", "0", "--key-for", tenant)
        process = shell.start_program("api", *options, output=output)
    try:
        while (address := _ADDRESS.search(printed.read_text())) is None:
            assert process.poll() is None, printed.read_text()
            time.sleep(0.2)
        yield address[0], printed.read_text().split()[4]
    finally:
        process.terminate()
        process.wait()
