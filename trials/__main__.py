"""`make trials`: kills and restarts at random moments, and whether all is well afterwards."""

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from random import SystemRandom
from typing import Annotated

import typer
from rich.console import Console

from loopctl_pipelines.cli.signals import ended_by_signals
from trials.findings import Findings, shares
from trials.parts import COMMANDS, DEV, WEIGHTS, trials_of_commands, trials_of_dev

_SHARE_OF_DEV = 3


def trials(
    kills: Annotated[int, typer.Option(min=0, help="Kills, of all victims together.")] = 200,
    restarts: Annotated[int, typer.Option(min=0, help="Restarts of the database server.")] = 20,
    seed: Annotated[int | None, typer.Option(help="Repeats the random moments.")] = None,
    victim: Annotated[
        list[str] | None, typer.Option(help=f"May be repeated: {', '.join(WEIGHTS)}.")
    ] = None,
) -> None:
    """Kill processes and the database server at random moments; exit code 1 if that did harm."""
    seed = SystemRandom().randrange(1_000_000) if seed is None else seed
    print(f"seed {seed}", flush=True)
    each = shares(kills, {name: WEIGHTS[name] for name in victim or WEIGHTS})
    with_dev = any(name in DEV for name in each)
    of_dev = restarts // _SHARE_OF_DEV if with_dev else 0
    findings = Findings()
    # in processes of their own: each has an environment and a server
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        parts = [pool.submit(trials_of_commands, _of(COMMANDS, each), restarts - of_dev, seed)]
        if with_dev:
            parts.append(pool.submit(trials_of_dev, _of(DEV, each), of_dev, seed))
        for part in parts:
            findings.add(part.result())
    print(f"seed {seed}")
    findings.show(Console())
    if not findings.are_good:
        sys.exit(1)


def _of(names: tuple[str, ...], each: dict[str, int]) -> dict[str, int]:
    return {name: each.get(name, 0) for name in names}


if __name__ == "__main__":
    ended_by_signals()(typer.run)(trials)
