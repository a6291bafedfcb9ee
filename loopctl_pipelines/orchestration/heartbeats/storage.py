"""The heartbeats in the database of Dagster's storage."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

from dagster import DagsterRunStatus
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.orchestration.heartbeats.death import Heartbeat
from loopctl_pipelines.orchestration.heartbeats.process import Process

_UNDEFINED_TABLE: Final = "42P01"
# the codes of a CREATE TABLE that another process has won, by where the clash is noticed
_CREATED_BY_ANOTHER: Final = {"23505", "42710", "42P07"}
_ENDS: Final = [
    end.value
    for end in (DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED)
]
# more than the pauses between two looks of the daemon, which are 30 s; one look counts no more
_MOST_SECONDS_OF_A_LOOK: Final = 35.0


class HeartbeatStorage:
    """Statements on the table of heartbeats; it is created when the first process needs it."""

    def __init__(self, connect: Callable[[], AbstractContextManager[Connection]]) -> None:
        """Take the function that opens a connection to Dagster's database, in autocommit."""
        self._connect = connect

    def record_process(self, run_id: str, process: Process, *, is_worker: bool) -> None:
        """Record the process that works on a run, or requests it."""
        self._rows("record_process", _identity(process), run_id=run_id, is_worker=is_worker)

    def beat(self, run_ids: Sequence[str], process: Process) -> set[str]:
        """Give a sign of life for unfinished runs; return those that are still the process's."""
        rows = self._rows("beat", _identity(process), run_ids=list(run_ids), ends=_ENDS)
        return {row["run_id"] for row in rows}

    def look(self, run_ids: Sequence[str]) -> list[Heartbeat]:
        """Return the heartbeats of unfinished runs, and count the silence since the last look."""
        rows = self._rows("look", run_ids=list(run_ids), most_seconds=_MOST_SECONDS_OF_A_LOOK)
        return [_heartbeat(row) for row in rows]

    def claim(self, dead: Heartbeat) -> bool:
        """Forget a dead run's heartbeat; return False if somebody else did, or it lives."""
        started = dead.process.started if dead.process else None
        return bool(
            self._rows(
                "claim",
                run_id=dead.run_id,
                is_worker=dead.is_worker,
                started=started,
                silent_seconds=dead.silent_seconds,
            )
        )

    def forget(self, run_id: str) -> None:
        """Forget the heartbeat of a run that has ended."""
        self._rows("forget", run_id=run_id)

    def _rows(self, name: str, *parts: dict[str, Any], **others: object) -> list[dict[str, Any]]:
        parameters = {key: value for part in (*parts, others) for key, value in part.items()}
        try:
            return self._execute(name, parameters)
        except DBAPIError as error:
            if _sqlstate(error) != _UNDEFINED_TABLE:
                raise
        try:
            self._execute("create_heartbeats", {})
        except DBAPIError as error:
            if _sqlstate(error) not in _CREATED_BY_ANOTHER:
                raise
        return self._execute(name, parameters)

    def _execute(self, name: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        query = statement(__package__, name).decode()
        with self._connect() as connection:
            result = connection.exec_driver_sql(query, parameters)
            return [dict(row) for row in result.mappings()] if result.returns_rows else []


def _sqlstate(error: DBAPIError) -> str | None:
    code = getattr(error.orig, "pgcode", None)
    return code if isinstance(code, str) else None


def _identity(process: Process) -> dict[str, Any]:
    return {"host": process.host, "pid": process.pid, "started": process.started}


def _heartbeat(row: dict[str, Any]) -> Heartbeat:
    process = Process(row["host"], row["pid"], row["started"]) if row["host"] else None
    return Heartbeat(row["run_id"], process, row["is_worker"], row["silent_seconds"])
