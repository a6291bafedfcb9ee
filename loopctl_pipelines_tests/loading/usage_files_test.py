"""A usage file is read exactly, or refused with the line and column that is wrong."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from loopctl_pipelines.loading.errors import UsageFileError
from loopctl_pipelines.loading.reading_options import ReadingOptions
from loopctl_pipelines.loading.usage_files import UsageFile, read_usage_file

HEADER = "agent,benchmark,epic,story,model,created_utc,cost_usd,input_tokens,output_tokens"
ROW = "Claude Code,swe-bench,astropy,a-1,glm-5,2026-01-02T03:04:05Z,0.25,10,2"


def read(*rows: str, header: str = HEADER, **columns: str) -> UsageFile:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "usage.csv"
        path.write_text("\n".join((header, *rows)), encoding="utf-8")
        return read_usage_file(path, ReadingOptions(columns))


def with_cell(column: str, cell: str) -> str:
    cells = dict(zip(HEADER.split(","), ROW.split(","), strict=True))
    return ",".join((cells | {column: cell}).values())


def test_a_row_is_read_by_the_usual_names_of_its_columns() -> None:
    (row,) = read(ROW).rows
    assert (row.tenant, row.tenant_slug, row.agent) == ("Claude Code", "claude-code", "Claude Code")
    assert (row.project, row.project_slug) == ("swe-bench", "swe-bench")
    assert (row.epic, row.story, row.model) == ("astropy", "a-1", "glm-5")
    assert row.at == datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - naive UTC
    assert (row.cost_millicents, row.input_tokens, row.output_tokens) == (25_000, 10, 2)


def test_named_columns_go_before_the_usual_ones() -> None:
    (row,) = read(ROW, tenant="model", story="agent").rows
    assert (row.tenant, row.story, row.agent) == ("glm-5", "Claude Code", "Claude Code")


def test_what_has_no_column_gets_a_fixed_value() -> None:
    (row,) = read("s,2026-01-02,1", header="story,at,cost").rows
    assert (row.tenant, row.project, row.epic) == ("Loaded usage", "(none)", "(none)")
    assert (row.agent, row.model) == ("(none)", "(none)")
    assert (row.input_tokens, row.output_tokens) == (0, 0)


def test_a_column_without_a_name_holds_no_field() -> None:
    _, row = read("s,2026-01-02,1,s", "s,2026-01-02,1,s", header="story,at,cost,").rows
    assert (row.tenant, row.model) == ("Loaded usage", "(none)")


def test_empty_epic_and_tokens_get_the_fixed_value_too() -> None:
    (row,) = read(with_cell("epic", "")).rows
    assert row.epic == "(none)"
    (row,) = read(with_cell("input_tokens", "")).rows
    assert row.input_tokens == 0


def test_a_row_without_a_cost_is_left_out_and_counted() -> None:
    usage = read(ROW, with_cell("cost_usd", ""), with_cell("cost_usd", " "))
    assert len(usage.rows) == 1
    assert usage.remarks == ("rows without a cost, left out: 2 (first: line 3)",)


def test_a_cost_of_zero_is_a_cost() -> None:
    (row,) = read(with_cell("cost_usd", "0.0")).rows
    assert row.cost_millicents == 0


def test_equal_rows_are_different_reports_and_the_same_ones_again_in_the_next_reading() -> None:
    first, second = read(ROW, ROW).rows
    assert first.id != second.id
    assert [row.id for row in read(ROW, ROW, with_cell("story", "a-2")).rows[:2]] == [
        first.id,
        second.id,
    ]


@pytest.mark.parametrize("column", HEADER.split(",")[:6])
def test_rows_that_differ_in_one_cell_have_different_ids(column: str) -> None:
    other = with_cell(column, "2026-01-02T03:04:06Z" if column == "created_utc" else "other")
    assert len({row.id for row in read(ROW, other).rows}) == 2


def test_a_name_without_latin_letters_has_a_slug_all_the_same() -> None:
    (first,) = read(with_cell("agent", "работник")).rows
    (second,) = read(with_cell("agent", "працівник")).rows
    assert first.tenant_slug.startswith("tenant-")
    assert first.tenant_slug != second.tenant_slug


@pytest.mark.parametrize(
    ("column", "cell", "problem"),
    [
        ("cost_usd", "free", "is not a number; expected 0.25"),
        ("cost_usd", "1_000", "is not a number; expected 0.25"),
        ("cost_usd", "inf", "is not a number; expected 0.25"),
        ("cost_usd", "1e15", "is too large a number; expected less than 4.6e13 dollars"),
        ("input_tokens", "many", "is not a number"),
        ("input_tokens", "1.5", "is not a whole number; expected 1234"),
        ("output_tokens", "1e40", "is too large a number; expected less than 4.6e18"),
        ("created_utc", "yesterday", "is not a time; expected 2026-04-02T13:00:00Z"),
        ("created_utc", "", "is not a time; expected 2026-04-02T13:00:00Z"),
        ("created_utc", "4/2/2026", "has day and month in an unknown order; expected 2026-04-02"),
        ("story", "", "is empty; expected a name (or give --story-default NAME)"),
        ("story", "NULL", "is empty; expected a name (or give --story-default NAME)"),
        ("story", "x" * 256, "is longer than 255 characters; expected a shorter name"),
        ("epic", "a\0b", "holds a NUL character; expected a name"),
        ("agent", "claude code", "has the same slug as 'Claude Code' further up"),
        ("benchmark", "SWE bench", "has the same slug as 'swe-bench' further up"),
    ],
)
def test_a_bad_cell_is_named_by_line_column_and_value_with_what_is_expected(
    column: str, cell: str, problem: str
) -> None:
    with pytest.raises(UsageFileError) as refused:
        read(ROW, "", with_cell(column, cell))
    read_as = "" if cell == "NULL" else cell[:60]
    assert f"Line 4, column '{column}': {read_as!r} {problem}" in str(refused.value)
    assert "Nothing was loaded." in str(refused.value)
    assert refused.value.__context__ is None or refused.value.__suppress_context__


def test_a_line_with_too_many_fields_is_named() -> None:
    with pytest.raises(UsageFileError, match="Line 3 has 10 fields, the header 9"):
        read(ROW, with_cell("cost_usd", "1,5"))


def test_a_bad_line_after_a_cell_of_two_lines_keeps_its_number() -> None:
    with pytest.raises(UsageFileError, match="Line 4, column 'cost_usd'"):
        read(with_cell("story", '"two\nlines"'), with_cell("cost_usd", "free"))


def test_an_open_quote_is_named_by_the_line_it_begins_at() -> None:
    with pytest.raises(UsageFileError, match="Line 3 is not CSV"):
        read(ROW, 'a,"b', ROW)


@pytest.mark.parametrize("missing", ["story", "created_utc", "cost_usd"])
def test_a_missing_column_is_named_beside_those_that_are_there(missing: str) -> None:
    with pytest.raises(UsageFileError, match=rf"Line 1: no column .*'{missing}'.*'something'"):
        read(ROW, header=HEADER.replace(missing, "something"))


def test_a_column_that_was_named_must_be_there() -> None:
    with pytest.raises(UsageFileError, match="Line 1: no column 'repo' for the field 'epic'"):
        read(ROW, epic="repo")


def test_an_empty_file_has_no_columns() -> None:
    with pytest.raises(UsageFileError, match="Line 1: no column"):
        read(header="")
