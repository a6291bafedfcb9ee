"""Logs as JSON: one object a line, in the form of Dagster's own `--log-format json`.

A library's extra fields stay out: Dagster's hold whole events.
"""

import logging
from collections.abc import MutableMapping
from typing import Any, Final

from structlog.processors import JSONRenderer, StackInfoRenderer, TimeStamper, format_exc_info
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name

REQUEST_FIELDS: Final = ("request", "method", "route", "status", "ms", "tenant", "key")
"""What the API's request log has of a request."""

_RUN_FIELDS: Final = {"run_id": "run_id", "job_name": "job", "step_key": "step"}


def json_formatter() -> logging.Formatter:
    """Return a formatter: event, logger, level, timestamp (UTC), and fields of a request or run."""
    return ProcessorFormatter(
        foreign_pre_chain=[
            add_logger_name,
            add_log_level,
            TimeStamper(fmt="iso", utc=True),
            StackInfoRenderer(),
            format_exc_info,
            ExtraAdder(allow=REQUEST_FIELDS),
            _add_run,
        ],
        processors=[ProcessorFormatter.remove_processors_meta, JSONRenderer()],
    )


def _add_run(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add which run and step a record of Dagster's is about."""
    about = getattr(event.get("_record"), "dagster_meta", None) or {}
    for name, shown in _RUN_FIELDS.items():
        if about.get(name):
            event[shown] = about[name]
    return event
