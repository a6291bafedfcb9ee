"""The database server ends at random moments, below commands and writers."""

import time
from random import Random

from trials.command_kills import CommandKills, tenant_options
from trials.scene import Scene
from trials.usage_of_trials import TrialDays

_MOST_SECONDS = 3.0


def restart_below_commands(
    scene: Scene, kills: CommandKills, days: TrialDays, way: str, random: Random
) -> None:
    """End the server once while a backfill and an embedding run, and start it again."""
    victim, slugs = f"server {way}", kills.readers(3)
    scene.summarize_as_loopctl(days)
    writers = scene.writers(days)
    with writers.writing():
        ends = [
            kills.outlast(victim, "backfill", *days.arguments),
            kills.outlast(victim, "embed", *tenant_options(slugs)),
        ]
        time.sleep(random.uniform(0, _MOST_SECONDS))
        scene.server.end_and_start(way, random)
        for wait in ends:
            wait()
    scene.findings.trials[victim] += 1
    scene.check_materialized(victim, days)
    scene.check_runs(victim)
    for kind, sentence in scene.payments.faults(slugs):
        scene.findings.fault(victim, kind, sentence)
    kills.recompute(victim, days)
    scene.check_written(victim, writers, days)
