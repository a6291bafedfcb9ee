"""A log as JSON is one object a line, and has nothing that the text log has not."""

import json
import logging
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.json_log import json_formatter
from loopctl_pipelines_tests.hostile_text import HOSTILE, acts_on_a_terminal


def _written(message: str, *arguments: object, **more: object) -> str:
    record = logging.LogRecord("a.b", logging.WARNING, __file__, 1, message, arguments, None)
    record.__dict__.update(more)
    return json_formatter().format(record)


def _logged(message: str, *arguments: object, **more: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_written(message, *arguments, **more))
    return found


def test_a_message_has_its_level_its_logger_and_its_time() -> None:
    logged = _logged("Tenant %r waits.", "acme")
    time = logged.pop("timestamp")
    assert time.endswith("Z")
    assert logged == {"event": "Tenant 'acme' waits.", "level": "warning", "logger": "a.b"}


@given(st.text(st.characters(exclude_categories=())))
def test_whatever_is_logged_is_one_line_of_plain_characters(text: str) -> None:
    written = _written("%s", text)
    assert written.isascii()
    assert not acts_on_a_terminal(written)
    assert json.loads(written)["event"] == text


def test_hostile_texts_are_kept_as_text() -> None:
    for text in HOSTILE:
        assert _logged("%s", text)["event"] == text


def test_a_traceback_is_a_field_where_the_text_log_has_one() -> None:
    error = ValueError("no such thing")
    logged = _logged("It failed.", exc_info=(type(error), error, None))
    assert logged["event"] == "It failed."
    assert "ValueError: no such thing" in logged["exception"]


def test_a_request_and_a_run_have_their_fields_and_a_library_s_are_left_out() -> None:
    logged = _logged("GET", request="1f", status=200, ms=1.5, headers={"authorization": "secret"})
    assert (logged["request"], logged["status"], logged["ms"]) == ("1f", 200, 1.5)
    about = {"run_id": "r1", "job_name": "daily_costs", "step_key": None, "dagster_event": object()}
    run = _logged("STEP_START", dagster_meta=about)
    assert (run["run_id"], run["job"]) == ("r1", "daily_costs")
    for each in (logged, run):
        assert not each.keys() & {"headers", "dagster_meta", "dagster_event", "step"}
        assert "secret" not in json.dumps(each)
