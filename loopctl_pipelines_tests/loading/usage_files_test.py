"""A usage file is read exactly, or refused with the line and column that is wrong."""

import gzip
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.loading import usage_values
from loopctl_pipelines.loading.errors import UsageFileError
from loopctl_pipelines.loading.usage_columns import UsageColumns
from loopctl_pipelines.loading.usage_files import UsageFile, read_usage, read_usage_file

HEADER = "agent,benchmark,epic,story,model,created_utc,cost_usd,input_tokens,output_tokens"
ROW = "Claude Code,swe-bench,astropy,a-1,glm-5,2026-01-02T03:04:05Z,0.25,10,2"


def read(*rows: str, header: str = HEADER, columns: UsageColumns | None = None) -> UsageFile:
    lines = "\n".join((header, *rows)).splitlines(keepends=True)
    return read_usage(lines, columns or UsageColumns())


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
    (row,) = read(ROW, columns=UsageColumns(tenant="model", story="agent")).rows
    assert (row.tenant, row.story, row.agent) == ("glm-5", "Claude Code", "Claude Code")


def test_what_has_no_column_gets_a_fixed_value() -> None:
    (row,) = read("s,2026-01-02,1", header="story,at,cost").rows
    assert (row.tenant, row.project, row.epic) == ("Loaded usage", "(none)", "(none)")
    assert (row.agent, row.model) == ("(none)", "(none)")
    assert (row.input_tokens, row.output_tokens) == (0, 0)


def test_empty_epic_and_tokens_get_the_fixed_value_too() -> None:
    (row,) = read(with_cell("epic", "")).rows
    assert row.epic == "(none)"
    (row,) = read(with_cell("input_tokens", "")).rows
    assert row.input_tokens == 0


def test_a_row_without_a_cost_is_left_out_and_counted() -> None:
    usage = read(ROW, with_cell("cost_usd", ""), with_cell("cost_usd", " "))
    assert (len(usage.rows), usage.without_cost) == (1, 2)


def test_a_cost_of_zero_is_a_cost() -> None:
    (row,) = read(with_cell("cost_usd", "0.0")).rows
    assert row.cost_millicents == 0


HALF_MILLICENTS = st.integers(-(10**14), 10**14).map(lambda halves: Decimal(halves) / 200_000)


@given(
    HALF_MILLICENTS | st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False),
    st.sampled_from(["{}", "{:e}", "{:f}"]),
)
def test_dollars_become_millicents_exactly_with_halves_away_from_zero(
    dollars: Decimal, form: str
) -> None:
    text = form.format(dollars)
    exact = Fraction(text) * 100_000
    rounded = floor(abs(exact) + Fraction(1, 2))
    assert usage_values.millicents(text) == (rounded if exact >= 0 else -rounded)


def test_a_cost_just_below_half_a_millicent_is_not_rounded_twice() -> None:
    assert usage_values.millicents("0.000005") == 1
    assert usage_values.millicents("0.00000" + "4" + "9" * 60) == 0


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - given its zone below
    st.integers(-14 * 60, 14 * 60),
)
def test_times_become_naive_utc(at: datetime, minutes: int) -> None:
    zoned = at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    expected = zoned.astimezone(UTC).replace(tzinfo=None)
    assert usage_values.utc(zoned.isoformat()) == expected
    assert usage_values.utc(expected.isoformat()) == expected
    assert usage_values.utc(f"{expected.isoformat()}Z") == expected


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
        ("cost_usd", "1,5", "has 10 fields, the header 9"),
        ("cost_usd", "free", "column 'cost_usd' is not a number"),
        ("cost_usd", "nan", "column 'cost_usd' is not a number"),
        ("cost_usd", "1e15", "column 'cost_usd' is too large a number"),
        ("input_tokens", "many", "column 'input_tokens' is not a number"),
        ("input_tokens", "1.5", "column 'input_tokens' is not a whole number"),
        ("output_tokens", "1e40", "column 'output_tokens' is too large a number"),
        ("created_utc", "yesterday", "column 'created_utc' is not a time"),
        ("created_utc", "", "column 'created_utc' is not a time"),
        ("created_utc", "0001-01-01T00:00:00+05:00", "column 'created_utc' is not a time"),
        ("story", "", "column 'story' is empty"),
        ("story", "x" * 256, "column 'story' is longer than 255 characters"),
        ("epic", "a\0b", "column 'epic' holds a NUL character"),
        ("agent", "claude code", "column 'agent' has the same slug as a different name"),
        ("benchmark", "SWE bench", "column 'benchmark' has the same slug as a different name"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column_without_its_text(
    column: str, cell: str, problem: str
) -> None:
    with pytest.raises(UsageFileError) as refused:
        read(ROW, "", with_cell(column, cell))
    assert "Line 4" in str(refused.value)
    assert problem in str(refused.value)
    assert not cell or f"'{cell}'" not in str(refused.value)
    assert refused.value.__context__ is None or refused.value.__suppress_context__


def test_a_bad_line_after_a_cell_of_two_lines_keeps_its_number() -> None:
    with pytest.raises(UsageFileError, match="Line 4, column 'cost_usd'"):
        read(with_cell("story", '"two\nlines"'), with_cell("cost_usd", "free"))


def test_an_open_quote_is_named_by_the_line_it_begins_at() -> None:
    with pytest.raises(UsageFileError, match="Line 3 is not CSV"):
        read(ROW, 'a,"b', ROW)


@pytest.mark.parametrize("missing", ["story", "created_utc", "cost_usd"])
def test_a_missing_column_is_named(missing: str) -> None:
    with pytest.raises(UsageFileError, match=rf"Line 1: no column .*'{missing}'"):
        read(ROW, header=HEADER.replace(missing, "something"))


def test_a_column_that_was_named_must_be_there() -> None:
    with pytest.raises(UsageFileError, match="Line 1: no column 'repo' for the field 'epic'"):
        read(ROW, columns=UsageColumns(epic="repo"))


def test_an_empty_file_has_no_columns() -> None:
    with pytest.raises(UsageFileError, match="Line 1: no column"):
        read_usage([], UsageColumns())


def test_plain_and_gzipped_files_are_told_apart_by_their_content(tmp_path: Path) -> None:
    text = f"\ufeff{HEADER}\r\n{ROW}\r\n".encode()
    (tmp_path / "plain.gz").write_bytes(text)
    (tmp_path / "packed.csv").write_bytes(gzip.compress(text))
    plain = read_usage_file(tmp_path / "plain.gz", UsageColumns())
    assert len(plain.rows) == 1
    assert read_usage_file(tmp_path / "packed.csv", UsageColumns()) == plain


@pytest.mark.parametrize(
    "content", [None, gzip.compress(b"story" * 999, mtime=0)[:20], b"\x1f\x8bno gzip"]
)
def test_a_file_that_cannot_be_unpacked_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "usage.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageFileError, match="cannot be opened or unpacked"):
        read_usage_file(path, UsageColumns())


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_bytes(f"{HEADER}\n{ROW}\n".replace("astropy", "caf\xe9").encode("latin-1"))
    with pytest.raises(UsageFileError, match="not UTF-8"):
        read_usage_file(path, UsageColumns())
