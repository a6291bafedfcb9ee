"""Has the runs of this process, and what their code logs, write JSON to stderr."""

import logging

from dagster import InitLoggerContext, logger

from loopctl_pipelines.json_log import json_formatter
from loopctl_pipelines.orchestration.dagster_internals import log_runs_with
from loopctl_pipelines.terminal import log_to_stderr


@logger
def _json_logger(context: InitLoggerContext) -> logging.Logger:
    level = context.logger_config["log_level"]
    run_logger = logging.Logger("dagster", level)  # noqa: LOG001 - as Dagster's own, without parent
    handler = logging.StreamHandler()
    handler.setFormatter(json_formatter())
    run_logger.addHandler(handler)
    return run_logger


def log_as_json() -> None:
    """Switch this process's logs to JSON, but those that Dagster's own options have formatted."""
    log_to_stderr(logging.WARNING, "json")
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_not_written_elsewhere)
    log_runs_with(_json_logger)


def _is_not_written_elsewhere(record: logging.LogRecord) -> bool:
    """Return whether no logger below the root has a handler that writes the record."""
    below: logging.Logger | None = logging.getLogger(record.name)
    while below is not None and below.parent is not None:
        if any(not isinstance(each, logging.NullHandler) for each in below.handlers):
            return False
        below = below.parent
    return True
