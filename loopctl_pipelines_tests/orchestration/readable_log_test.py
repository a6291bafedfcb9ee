"""An outage of Dagster's storage is one sentence in a log, and the first start is none."""

import logging
from collections.abc import Iterator

import pytest

from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.orchestration.readable_log import ReadableLog

AWAY = DatabaseUnreachableError("No connection to Dagster's storage: nothing listens there.")


class Kept(logging.Handler):
    """Keeps what it would print."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler, dagster = Kept(), logging.getLogger("dagster")
    dagster.addHandler(handler)
    yield handler
    dagster.removeHandler(handler)


def _daemons_log(text: str) -> None:
    for name in ("SensorDaemon", "SchedulerDaemon", "BackfillDaemon"):
        logging.getLogger(f"dagster.daemon.{name}").error(
            "Caught error:\n%s\nStack Trace: ...", text
        )


def _raises(error: Exception) -> None:
    logging.getLogger("dagster.daemon.SensorDaemon").error("Failed", exc_info=error)


def test_an_outage_is_one_sentence_and_so_is_its_end(kept: Kept) -> None:
    log = ReadableLog()
    log.shorten_others()
    for _ in range(2):
        for _ in range(5):
            log.begin(AWAY)
            _daemons_log(f"loopctl_pipelines.database.errors.DatabaseUnreachableError: {AWAY}")
            _raises(AWAY)
        log.end()
        log.end()
    assert (
        kept.lines
        == [
            f"{AWAY} Work goes on when it answers.",
            "Dagster's storage answers again.",
        ]
        * 2
    )


def test_a_storage_that_has_become_read_only_is_one_sentence(kept: Kept) -> None:
    ReadableLog().shorten_others()
    for _ in range(5):
        _daemons_log("psycopg2.errors.ReadOnlySqlTransaction: cannot execute INSERT")
    (line,) = kept.lines
    assert line.startswith("Dagster's storage (LOOPCTL_DAGSTER_URL) is read-only: a standby")


def test_a_new_daemon_does_not_warn_that_it_is_new(kept: Kept) -> None:
    ReadableLog()
    logging.getLogger("dagster.daemon.EventLogConsumerDaemon").warning(
        "No cursor for event type DagsterEventType.RUN_FAILURE, ignoring older events"
    )
    assert kept.lines == []


def test_other_errors_are_logged_as_they_are(kept: Kept) -> None:
    ReadableLog().shorten_others()
    _daemons_log("ValueError: other")
    _raises(ValueError("other"))
    assert len(kept.lines) == 4
    assert kept.lines[-1] == "Failed\nValueError: other"
