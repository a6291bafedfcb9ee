"""Commands in processes forked from one that has imported everything.

The imports take 4 s of processor time; the tests run some hundred commands.
"""

import atexit
import multiprocessing
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster_postgres  # noqa: F401 - imported before the fork

import loopctl_pipelines.definitions
import loopctl_pipelines.orchestration.instance  # noqa: F401 - likewise
from loopctl_pipelines.cli import main

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


def run_command(arguments: list[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run a command to its end in a process of its own; return its status, output and errors."""
    with TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        process = _processes.Process(
            target=_run, args=(arguments, dict(environment), str(Path.cwd()), str(out), str(err))
        )
        process.start()
        process.join()
        assert process.exitcode is not None
        return process.exitcode, out.read_text(), err.read_text()


def _run(
    arguments: list[str], environment: dict[str, str], folder: str, out: str, err: str
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["-c", *arguments]
    for name, path in (("stdout", out), ("stderr", err)):
        stream = Path(path).open("w", buffering=1)  # noqa: SIM115 - open until the process ends
        os.dup2(stream.fileno(), sys.__dict__[f"__{name}__"].fileno())
        setattr(sys, name, stream)
    try:
        main()
    finally:
        # a forked process of multiprocessing ends without them
        atexit._run_exitfuncs()  # noqa: SLF001 - there is no public way
