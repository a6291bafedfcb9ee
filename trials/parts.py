"""The two parts of the trials; each runs in a process of its own, on a server of its own."""

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Final

from trials.command_kills import EXTRACTION_KILLS_OF_A_TRIAL, KILLS_OF_A_TRIAL, CommandKills
from trials.dev_kills import ENDING, DevKills
from trials.findings import Findings
from trials.restarts import restart_below_commands
from trials.scene import scene
from trials.server import WAYS
from trials.usage_of_trials import trial_days

COMMANDS: Final = ("backfill", "embed", "load", "extract")
"""Victims of the first part."""

DEV: Final = ("run", "code server", *ENDING)
"""Victims of the second part: what `dev` starts, and itself."""

WEIGHTS: Final = {
    "backfill": 40,
    "embed": 18,
    "load": 12,
    "extract": 100,
    "run": 16,
    "code server": 6,
    "daemon": 2,
    "webserver": 2,
    "dev": 2,
    "all of dev": 2,
}
"""How the kills are shared out among the victims."""


def trials_of_commands(kills: Mapping[str, int], restarts: int, seed: int) -> Findings:
    """Kill commands so many times, and restart the server below them."""
    findings = Findings()
    backfills = list(_groups(kills["backfill"]))
    trials = len(backfills) + restarts
    with _kept(findings), scene(trials, f"commands {seed}", findings) as place:
        numbers, victims = count(), CommandKills(place)
        for group in backfills:
            victims.backfills(trial_days(next(numbers)), group)
            print(f"backfills killed: {findings.trials['backfill']}", flush=True)
        for group in _groups(kills["embed"]):
            victims.embeds(group)
        for group in _groups(kills["load"]):
            victims.loads(group)
        for group in _groups(kills["extract"], EXTRACTION_KILLS_OF_A_TRIAL):
            victims.extractions(group)
            print(f"extractions killed: {findings.trials['extract']}", flush=True)
        for number in range(restarts):
            way = list(WAYS)[number % len(WAYS)]
            days = trial_days(next(numbers))
            restart_below_commands(place, victims, days, way, place.random)
            print(f"server restarts below commands: {number + 1} of {restarts}", flush=True)
    return findings


def trials_of_dev(kills: Mapping[str, int], restarts: int, seed: int) -> Findings:
    """Kill what `dev` starts so many times, and restart the server below it."""
    findings = Findings()
    rounds = sum(kills.values()) + restarts
    with _kept(findings), scene(rounds, f"dev {seed}", findings) as place:
        DevKills(place).all(kills, restarts)
    return findings


@contextmanager
def _kept(findings: Findings) -> Iterator[None]:
    """Keep what was found if the trials break off."""
    try:
        yield
    except Exception:  # noqa: BLE001 - it is a finding
        findings.fault("the trials themselves", "unclear", traceback.format_exc())
        findings.trials["the trials themselves"] += 1


def _groups(kills: int, size: int = KILLS_OF_A_TRIAL) -> Iterator[int]:
    for done in range(0, kills, size):
        yield min(size, kills - done)
