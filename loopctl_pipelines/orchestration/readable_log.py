"""Keeps the log of Dagster's processes readable.

It says once, in a sentence, that Dagster's storage is away, and once that it answers again. The
daemon itself logs a hundred lines for each of its eight loops every few seconds: 6,000 in a minute.
Its loops go on by themselves when the storage answers.
"""

import logging
from typing import Final

from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.terminal_text import visible

_LOGGERS: Final = ("", "dagster", "dagster-webserver", "uvicorn")
_NAME: Final = DatabaseUnreachableError.__name__
_READ_ONLY: Final = "psycopg2.errors.ReadOnlySqlTransaction"
_IS_READ_ONLY: Final = (
    "Dagster's storage (LOOPCTL_DAGSTER_URL) is read-only: a standby, or "
    "default_transaction_read_only is on. Nothing is requested until it can be written."
)
# two warnings at the first start of a daemon, about nothing
_EVENTS: Final = "dagster.daemon.EventLogConsumerDaemon"
_NO_CURSOR: Final = "No cursor for event type"
_logger = logging.getLogger("dagster.storage")
# a command shows its error itself
_logger.addHandler(logging.NullHandler())


class ReadableLog(logging.Filter):
    """What one process logs about Dagster's storage, and does not."""

    def __init__(self) -> None:
        super().__init__()
        logging.getLogger(_EVENTS).addFilter(lambda record: _NO_CURSOR not in record.getMessage())
        self._is_away = False
        self._is_read_only = False

    def begin(self, failure: DatabaseUnreachableError) -> None:
        """Log why the storage does not answer, unless it has been logged since it last did."""
        if self._is_away:
            return
        self._is_away = True
        _logger.error("%s Work goes on when it answers.", visible(str(failure)))

    def end(self) -> None:
        """Log that the storage answers again, if it was away."""
        if self._is_away:
            self._is_away = False
            _logger.warning("Dagster's storage answers again.")

    def filter(self, record: logging.LogRecord) -> bool:
        """Drop what others log about it; the first word about a read-only storage is shortened."""
        raised = record.exc_info[1] if record.exc_info else None
        text = f"{type(raised).__name__} {record.getMessage()}"
        if _NAME in text:
            return False
        if _READ_ONLY not in text:
            return True
        is_first, self._is_read_only = not self._is_read_only, True
        record.msg, record.args, record.exc_info = _IS_READ_ONLY, (), None
        return is_first

    def shorten_others(self) -> None:
        """Have this process's handlers drop what others log about an outage."""
        # at each new connection: Dagster configures its handlers after it has opened the storage
        for name in _LOGGERS:
            for handler in logging.getLogger(name).handlers:
                handler.addFilter(self)
