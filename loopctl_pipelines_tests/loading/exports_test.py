"""Exports of other programs: what is read of each, and what a person is told of the rest."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from loopctl_pipelines.loading.errors import UsageFileError
from loopctl_pipelines.loading.presets import Format
from loopctl_pipelines.loading.reading_options import ReadingOptions
from loopctl_pipelines.loading.usage_files import UsageFile, read_usage_file

SESSIONS = (
    '{"timestamp":"2026-01-02T22:00:00-02:00","project":"shop","session":"a","model":"opus",'
    '"usage":{"input_tokens":2,"cache_creation_input_tokens":300,"cache_read_input_tokens":4000,'
    '"output_tokens":50},"cost_usd":0.123456}\n'
    '{"timestamp":"2026-01-03T08:00:00Z","project":"shop","session":"b","model":"<synthetic>",'
    '"usage":{"input_tokens":0,"output_tokens":0},"cost_usd":0}\n'
    '{"timestamp":"2026-01-03T09:00:00Z","project":"shop","session":"b","model":"opus",'
    '"usage":{"input_tokens":7,"output_tokens":1},"cost_usd":null}\n'
)
ACTIVITY = (
    "created_at,model_permaslug,tokens_prompt,tokens_completion,tokens_cached,cost_total,app_name\n"
    "2026-01-02 23:59:59.999,openai/gpt-5,1000,20,900,0.0123456,chat\n"
)
DAILY_COSTS = (
    "start_time,end_time,amount_value,amount_currency,line_item,project_name\n"
    '1767312000,1767398400,0.5,usd,"gpt-5, input",shop\n'
)
SPEND = (
    "request_id,spend,total_tokens,prompt_tokens,completion_tokens,startTime,model,user,team_id,"
    "session_id\n"
    "r-1,0.002,1010,1000,10,2026-01-02 03:04:05.678,gpt-5,ada,acme,s-1\n"
)
COMMA_LOCALE = (
    "\ufeffTENANT; Story ;Wann;Preis\r\nacme;Pay;02.01.2026 10:30;2.345,67\r\nSumme;;;2.345,67\r\n"
)
UNICODE_TEXT = (
    "tenant\tstory\tat\tcost\r\n"
    'acme\tPay\t2026-01-02\t"2,345.67"\r\n'
    "acme\tPay\t2026-01-02\t$0.33\r\n"
)
BILLING = (
    "tenant,story,at,cost\n"
    "acme,NULL,2026-01-02T10:00:00Z,0.5\n"
    "acme,,2026-01-02T10:00:00Z,0.25\n"
    "acme,Pay,1/2/2026,NULL\n"
    ",,,\n"
    "acme,Pay,2026-01-02 10:00:00 UTC,-2.5\n"
    "acme,Pay,2099-01-01,1\n"
    "acme,Pay,2025-12-31,1\n"
    "acme,Pay,2026-01-02,0.000004\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usage"


def read(path: Path, content: str | bytes, **options: Any) -> UsageFile:  # noqa: ANN401 - any
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_usage_file(path, ReadingOptions(**options))


def test_cache_tokens_of_a_session_log_count_as_input(path: Path) -> None:
    usage = read(path, SESSIONS, preset=Format.AGENT_SESSIONS)
    first, synthetic = usage.rows
    assert (first.input_tokens, first.output_tokens, first.cost_millicents) == (4302, 50, 12_346)
    assert (first.project, first.story, first.model) == ("shop", "a", "opus")
    assert first.at.isoformat() == "2026-01-03T00:00:00"
    assert (synthetic.model, synthetic.cost_millicents) == ("<synthetic>", 0)
    assert usage.remarks == (
        "rows with cache tokens, which are counted as input: 1 (first: line 1)",
        "rows without a cost, left out: 1 (first: line 3)",
    )


def test_a_session_log_without_its_preset_has_tokens_that_nobody_mapped(path: Path) -> None:
    usage = read(path, SESSIONS, columns={"story": "session", "at": "timestamp"})
    assert usage.rows[0].input_tokens == 0
    unmapped = [remark for remark in usage.remarks if "looks like tokens" in remark]
    assert len(unmapped) == 4
    assert unmapped[1] == (
        "column 'usage.cache_creation_input_tokens' looks like tokens and is not mapped; "
        "--map FIELD=usage.cache_creation_input_tokens would load it (line 1)"
    )


def test_cached_tokens_that_the_prompt_contains_are_not_added_twice(path: Path) -> None:
    usage = read(path, ACTIVITY, preset=Format.OPENROUTER, story_default="Chat")
    (row,) = usage.rows
    assert (row.input_tokens, row.output_tokens, row.cost_millicents) == (1000, 20, 1_235)
    assert (row.agent, row.model, row.story) == ("chat", "openai/gpt-5", "Chat")
    assert row.at.isoformat() == "2026-01-02T23:59:59.999000"
    assert usage.remarks == (
        (
            "column 'tokens_cached' is not added: its tokens are part of 'tokens_prompt' or of the "
            "output (line 1)"
        ),
        "rows without a story, given the default: 1 (first: line 2)",
    )


def test_cache_columns_beside_prompt_tokens_are_not_added_unasked(path: Path) -> None:
    content = "story,at,cost,prompt_tokens,cache_read_input_tokens\nPay,2026-01-02,1,10,9\n"
    usage = read(path, content)
    assert usage.rows[0].input_tokens == 10
    assert "'cache_read_input_tokens' looks like tokens" in usage.remarks[0]
    asked = read(path, content, columns={"cache_read_tokens": "cache_read_input_tokens"})
    assert asked.rows[0].input_tokens == 19


@pytest.mark.parametrize("preset", [Format.OPENROUTER, Format.OPENAI_COSTS])
def test_an_export_without_stories_needs_one(path: Path, preset: Format) -> None:
    content = ACTIVITY if preset is Format.OPENROUTER else DAILY_COSTS
    with pytest.raises(UsageFileError, match="or give --story-default NAME"):
        read(path, content, preset=preset)


def test_daily_costs_are_read_by_line_item_from_seconds_since_1970(path: Path) -> None:
    (row,) = read(path, DAILY_COSTS, preset=Format.OPENAI_COSTS, story_default="API").rows
    assert (row.project, row.model, row.cost_millicents) == ("shop", "gpt-5, input", 50_000)
    assert row.at.isoformat() == "2026-01-02T00:00:00"


def test_costs_in_another_currency_are_refused(path: Path) -> None:
    euros = DAILY_COSTS.replace("usd", "eur")
    with pytest.raises(
        UsageFileError, match="Line 2, column 'amount_currency': 'eur' is not US dollars"
    ):
        read(path, euros, preset=Format.OPENAI_COSTS, story_default="API")


def test_spend_logs_are_read_by_team_and_session(path: Path) -> None:
    usage = read(path, SPEND, preset=Format.LITELLM)
    (row,) = usage.rows
    assert (row.tenant, row.story, row.agent, row.model) == ("acme", "s-1", "ada", "gpt-5")
    assert (row.cost_millicents, row.input_tokens, row.output_tokens) == (200, 1000, 10)
    assert len(usage.remarks) == 1
    assert "'total_tokens' looks like tokens" in usage.remarks[0]


def test_a_spreadsheet_of_a_comma_locale_is_read_without_its_total(path: Path) -> None:
    columns = {"at": "wann", "cost": "preis"}
    usage = read(path, COMMA_LOCALE, columns=columns, decimal=",")
    (row,) = usage.rows
    assert (row.tenant, row.story, row.cost_millicents) == ("acme", "Pay", 234_567_000)
    assert row.at.isoformat() == "2026-01-02T10:30:00"
    assert usage.remarks == ("total rows, left out: 1 (first: line 3)",)
    with pytest.raises(
        UsageFileError, match=r"Line 2, column 'Preis': '2\.345,67' is not a number"
    ):
        read(path, COMMA_LOCALE, columns=columns)


def test_unicode_text_of_a_spreadsheet_is_read_with_thousands_and_dollar_signs(path: Path) -> None:
    usage = read(path, UNICODE_TEXT.encode("utf-16"))
    assert [row.cost_millicents for row in usage.rows] == [234_567_000, 33_000]


def test_nothing_of_a_billing_export_is_left_out_or_changed_in_silence(path: Path) -> None:
    options = {"story_default": "?", "start": date(2026, 1, 1), "last": date(2026, 2, 1)}
    usage = read(path, BILLING, **options)
    assert [row.cost_millicents for row in usage.rows] == [50_000, 25_000, -250_000, 100_000, 0]
    assert [row.story for row in usage.rows] == ["?", "?", "Pay", "Pay", "Pay"]
    assert usage.remarks == (
        "cells with a literal NULL, read as empty: 2 (first: line 2)",
        "rows without a story, given the default: 2 (first: line 2)",
        "rows without a cost, left out: 1 (first: line 4)",
        "empty rows, left out: 1 (first: line 5)",
        "negative costs, loaded as credits: 1 (first: line 6)",
        "rows later than tomorrow, left out: 1 (first: line 7)",
        "rows before LOOPCTL_START_DATE, loaded; no run computes their days: 1 (first: line 8)",
        "costs below half a millicent, loaded as 0: 1 (first: line 9)",
    )
    with pytest.raises(UsageFileError, match="Line 10, column 'cost': '1_000' is not a number"):
        read(path, BILLING + "acme,Pay,2026-01-02,1_000\n", **options)


def test_two_columns_of_one_name_are_refused_only_if_they_are_needed(path: Path) -> None:
    content = "story,at,cost,Cost,note,note\nPay,2026-01-02,1,2,a,b\n"
    with pytest.raises(UsageFileError, match="Line 1: the columns 3 and 4 are both called 'cost'"):
        read(path, content)
    usage = read(path, content.replace("Cost", "list price"))
    assert usage.rows[0].cost_millicents == 100_000
    assert usage.remarks == ("2 columns are called 'note'; none of them is loaded (line 1)",)
