"""When a run counts as dead. Pure."""

from dataclasses import dataclass
from typing import Final

from loopctl_pipelines.orchestration.heartbeats.process import Process

SILENCE_SECONDS: Final = 60.0
"""Seconds without a heartbeat, during which the database answered, after which a run is dead."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What is known about the process of a run.

    Attributes:
        run_id: Dagster's id of the run.
        process: the process that works on the run, or else requested it; None: not known.
        is_worker: whether it works on the run.
        silent_seconds: seconds since its last heartbeat during which the database answered.
    """

    run_id: str
    process: Process | None
    is_worker: bool
    silent_seconds: float


def cause_of_death(heartbeat: Heartbeat, *, gone: bool | None, has_begun: bool) -> str | None:
    """Return why a run is dead, as a sentence; None if it lives, or may do so.

    Args:
        heartbeat: the run's heartbeat.
        gone: whether its process has ended; None: it is on another host, or not known.
        has_begun: whether a process had begun to work on the run.
    """
    silent = heartbeat.silent_seconds >= SILENCE_SECONDS
    if heartbeat.is_worker:
        if gone:
            return f"The run's {heartbeat.process} is gone: it was killed, or ran out of memory."
        if gone is None and silent:
            return f"The run's {heartbeat.process} gave no sign of life for a minute."
    elif has_begun and silent:
        return "No process gave a sign of life for the run for a minute."
    elif gone and silent:
        requester = heartbeat.process or "process"
        return f"The run has not begun, and the {requester} that requested it is gone."
    return None
