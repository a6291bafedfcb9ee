"""Dagster's storage repeats what the end of the server broke off.

A new connection alone is not enough: a restart in the middle of a statement would fail the run.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from inspect import isfunction
from itertools import count
from threading import Event
from typing import Any, Final, Protocol, TypeVar

import psycopg2
from sqlalchemy.exc import DBAPIError

from loopctl_pipelines.database.connection_failures import connection_failure
from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.database.retries import OUTAGE_SECONDS, outlast_outage
from loopctl_pipelines.orchestration.dagster_internals import raise_interrupts_as
from loopctl_pipelines.orchestration.readable_log import ReadableLog

# outside a run: a person or the next evaluation waits
_PATIENCE_SECONDS: Final = 5.0
_REPEATABLE: Final = (
    *("get_", "has_", "fetch", "materialized_in", "forget_planned"),
    # what is there already is left as it is
    *("add_job_snapshot", "add_execution_plan_snapshot", "add_dynamic_partitions"),
)
_CONNECTION_FAILURE: Final = "08006"

Done = TypeVar("Done")
Stored_co = TypeVar("Stored_co", covariant=True)


class Attempt(Protocol[Stored_co]):
    """Stores something; `repeated` says that an earlier attempt may have stored a part."""

    def __call__(self, *, repeated: bool) -> Stored_co:
        """Store it."""


class StorageOutages:
    """How long, and what, a process waits for when the database of Dagster's storage is away."""

    def __init__(self, url: str, is_patient: Callable[[], bool]) -> None:
        """Take where the storage is, for messages, and whether the process works on runs."""
        self.log = ReadableLog()
        self._url = url
        self._is_patient = is_patient
        self._interrupted = Event()

    def failure(self, error: psycopg2.Error) -> DatabaseUnreachableError:
        """Return the typed error of a failed attempt to connect."""
        return connection_failure(error, self._url, "Dagster's storage", "LOOPCTL_DAGSTER_URL")

    def outlast(self, work: Callable[[], Done]) -> Done:
        """Run `work`, which may be repeated, until no end of the server breaks it off.

        Raises:
            DatabaseUnreachableError: if the outage lasts.
        """

        def attempt() -> Done:
            try:
                return work()
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            raise DatabaseUnreachableError(
                "The connection to Dagster's storage was lost. See whether its server runs "
                "(LOOPCTL_DAGSTER_URL).",
                _CONNECTION_FAILURE,
            )

        try:
            if self._is_patient():
                return self._wait(attempt)
            return outlast_outage(attempt, _PATIENCE_SECONDS)
        except DatabaseUnreachableError as failure:
            self.log.begin(failure)
            raise

    def _wait(self, attempt: Callable[[], Done]) -> Done:
        """Run `attempt`, after an outage if there is one; an interrupt ends all waits."""
        with suppress(DatabaseUnreachableError):
            return attempt()
        try:
            with raise_interrupts_as(KeyboardInterrupt):
                return outlast_outage(attempt, OUTAGE_SECONDS, self._interrupted)
        except KeyboardInterrupt:
            self._interrupted.set()
            raise

    def store(self, attempt: "Attempt[Done]") -> Done:
        """Run `attempt` as `outlast` does; from the second time on with `repeated`."""
        attempts = count()
        return self.outlast(lambda: attempt(repeated=next(attempts) > 0))


NO_PATIENCE: Final = StorageOutages("", lambda: False)
"""For a storage that is made without `dagster.yaml`."""


class OutlastsOutages(Protocol):
    """A storage of Dagster's whose statements outlast an outage."""

    outages: StorageOutages


Storage = TypeVar("Storage", bound=type[OutlastsOutages])


def outlasting(storage: Storage) -> Storage:
    """Have those methods of a class outlast an outage that read, or may be repeated as they are."""
    for name in dir(storage):
        if name.startswith(_REPEATABLE) and isfunction(method := getattr(storage, name)):
            setattr(storage, name, _repeated(method))
    return storage


def _repeated(method: Callable[..., Done]) -> Callable[..., Done]:
    @wraps(method)
    def repeated(self: OutlastsOutages, *arguments: Any, **named: Any) -> Done:  # noqa: ANN401 - Dagster's
        return self.outages.outlast(lambda: method(self, *arguments, **named))

    return repeated
