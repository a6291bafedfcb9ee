"""Processes forked from one that has imported everything, and commands that run in them.

The imports take 2 to 4 s of processor time; the tests run some hundred commands.
"""

import atexit
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import dagster_postgres  # noqa: F401 - imported before the fork

import loopctl_pipelines.definitions
import loopctl_pipelines.orchestration.instance  # noqa: F401 - likewise
from loopctl_pipelines.cli import main
from loopctl_pipelines_tests.warm_process import WarmProcess

processes = multiprocessing.get_context("forkserver")
# the one list: another one, set by a module that is imported later, would replace it
processes.set_forkserver_preload(
    [
        __name__,
        "loopctl_pipelines_tests.orchestration.heartbeats.working_process",
        "loopctl_pipelines.api.app",
        "loopctl_pipelines.llm.anthropic.client",
        "loopctl_pipelines.llm.openai.client",
    ]
)


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Program:
    """A function that is the only work of a process.

    Attributes:
        main: a function of a module, which takes its arguments from `sys.argv`.
        arguments: them, without the program's name.
        environment: all variables of the process.
    """

    main: Callable[[], None]
    arguments: list[str]
    environment: dict[str, str]


def command(arguments: list[str], environment: Mapping[str, str]) -> Program:
    """Return a command of `loopctl-pipelines`."""
    return Program(main, arguments, dict(environment))


def run(program: Program) -> tuple[int, str, str]:
    """Run a program to its end in a process of its own; return its status, output and errors."""
    with TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        with out.open("w") as stdout, err.open("w") as stderr:
            code = _start(program, stdout.fileno(), stderr.fileno()).wait()
        return code, out.read_text(), err.read_text()


def start(program: Program, *, errors: IO[str] | None = None) -> WarmProcess:
    """Start a program; what it says goes into two pipes, or its errors into an open file."""
    with ExitStack() as stack:
        stdout, to_stdout = _pipe(stack)
        stderr, to_stderr = (None, errors) if errors else _pipe(stack)
        process = _start(program, to_stdout.fileno(), to_stderr.fileno())
    process.stdout, process.stderr = stdout, stderr
    return process


def _pipe(stack: ExitStack) -> tuple[IO[str], IO[str]]:
    """Return the ends of a pipe; the stack closes the one that is written to."""
    reading, writing = os.pipe()
    return os.fdopen(reading), stack.enter_context(os.fdopen(writing, "w"))


def _start(program: Program, out: int, err: int) -> WarmProcess:
    # as a shell's child, it ignores what this process ignores, and nothing else
    ignored = [sign for sign in _ENDING if signal.getsignal(sign) is signal.SIG_IGN]
    outputs = [Connection(os.dup(number), readable=False) for number in (out, err)]
    try:
        process = processes.Process(target=_run, args=(program, str(Path.cwd()), ignored, outputs))
        process.start()
    finally:
        for output in outputs:
            output.close()
    return WarmProcess(process)


def _run(
    program: Program, folder: str, ignored: list[signal.Signals], outputs: list[Connection]
) -> None:
    for sign in _ENDING:
        default = signal.default_int_handler if sign is signal.SIGINT else signal.SIG_DFL
        signal.signal(sign, signal.SIG_IGN if sign in ignored else default)
    os.environ.clear()
    os.environ.update(program.environment)
    os.chdir(folder)
    sys.argv = ["-c", *program.arguments]
    for name, number, output in zip(("stdout", "stderr"), (1, 2), outputs, strict=True):
        os.dup2(output.fileno(), number)
        output.close()
        setattr(sys, name, os.fdopen(number, "w", buffering=1, closefd=False))
    try:
        program.main()
    finally:
        # a forked process of multiprocessing ends without them
        atexit._run_exitfuncs()  # noqa: SLF001 - there is no public way
