"""Gives a sign of life for the runs that this process works on, and stops those that were ended."""

import os
import signal
from collections.abc import Sequence
from threading import Event, Lock, Thread
from typing import Final

from dagster import DagsterEventType, EventLogEntry
from sqlalchemy.exc import SQLAlchemyError

from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.orchestration.heartbeats.process import Process, this_process
from loopctl_pipelines.orchestration.heartbeats.storage import HeartbeatStorage

_SECONDS: Final = 10.0
_SECONDS_AFTER_AN_ERROR: Final = 1.0

_REQUESTED: Final = {
    DagsterEventType.RUN_STARTING,
    DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
}
_ENDED: Final = {
    DagsterEventType.RUN_SUCCESS,
    DagsterEventType.RUN_FAILURE,
    DagsterEventType.RUN_CANCELED,
}


class Pulse:
    """The heartbeats of this process.

    The process that stores the event of a run's start is the one that works on it, whatever has
    launched it: a command, Dagster's default launcher, Celery, Kubernetes.
    """

    def __init__(self, storage: HeartbeatStorage) -> None:
        """Take the table of heartbeats."""
        self._storage = storage
        self._lock = Lock()
        self._requested = ""
        self._has_begun = False
        self._working: set[str] = set()
        self._was_stopped = False
        self._thread: Thread | None = None
        self._wake = Event()

    @property
    def has_begun(self) -> bool:
        """Whether this process has begun to work on a run."""
        return self._has_begun

    def follow(self, events: Sequence[EventLogEntry]) -> None:
        """Begin or end the heartbeats of the runs that these stored events are about."""
        for event in events:
            match event.dagster_event_type:
                case DagsterEventType.RUN_START:
                    self._begin(event.run_id)
                case kind if kind in _REQUESTED:
                    self._request(event.run_id)
                case kind if kind in _ENDED:
                    self._end(event.run_id)

    @property
    def was_stopped(self) -> bool:
        """Whether a run of this process was ended by another one, and so the process is to end."""
        return self._was_stopped

    def _request(self, run_id: str) -> None:
        # a run's planned events follow one another: one record is enough for thousands of them
        if run_id != self._requested and run_id not in self._working:
            self._requested = run_id
            self._storage.record_process(run_id, this_process(), is_worker=False)

    def _begin(self, run_id: str) -> None:
        self._has_begun = True
        self._storage.record_process(run_id, this_process(), is_worker=True)
        with self._lock:
            self._working.add(run_id)
            self._wake.clear()
            if self._thread is None:
                thread = Thread(target=self._beat, name="heartbeats", daemon=True)
                # may fail, or be interrupted: the next run tries again
                thread.start()
                self._thread = thread

    def _end(self, run_id: str) -> None:
        with self._lock:
            self._working.discard(run_id)
            if not self._working:
                self._wake.set()
        self._storage.forget(run_id)

    def _beat(self) -> None:
        process, pause = this_process(), _SECONDS
        while True:
            self._wake.wait(pause)
            with self._lock:
                if not self._working:
                    self._thread = None
                    return
                working = sorted(self._working)
            try:
                self._stop_others(working, process)
                pause = _SECONDS
            except (SQLAlchemyError, DatabaseUnreachableError):
                # an outage: the next sign comes as soon as the database answers
                pause = _SECONDS_AFTER_AN_ERROR

    def _stop_others(self, working: Sequence[str], process: Process) -> None:
        mine = self._storage.beat(working, process)
        with self._lock:
            ended = {run_id for run_id in working if run_id not in mine} & self._working
            self._working -= ended
        if ended:
            self._was_stopped = True
            # as Ctrl-C does: transactions that are under way commit or roll back
            os.kill(os.getpid(), signal.SIGINT)
