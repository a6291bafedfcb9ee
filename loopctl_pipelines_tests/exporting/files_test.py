"""Rows as CSV, JSON and Parquet: exact, as they come, and safe to open in a spreadsheet."""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import IO, Final
from uuid import UUID

import pytest
from pyarrow import parquet

from loopctl_pipelines.exporting.csv_file import write_csv
from loopctl_pipelines.exporting.errors import MissingExtraError, UnwritableFileError
from loopctl_pipelines.exporting.export import FileFormat, export, whole_file
from loopctl_pipelines.exporting.json_file import write_json
from loopctl_pipelines.exporting.parquet_file import write_parquet
from loopctl_pipelines.exporting.summary_row import HEADERS, SummaryRow
from loopctl_pipelines_tests.hostile_text import HOSTILE

ROW: Final = SummaryRow(
    tenant="acme",
    day_utc=date(2026, 4, 2),
    scope="project",
    scope_id=UUID(int=1),
    scope_name="Shop",
    model="glm-5",
    phase="planning",
    cost_millicents=-12_345_678_901_234_567,
    input_tokens=2**62,
    output_tokens=0,
    stale=False,
)
Writer = Callable[[Iterator[SummaryRow], IO[bytes]], None]


def cells(*rows: SummaryRow) -> list[dict[str, str]]:
    file = io.BytesIO()
    write_csv(rows, file)
    return list(csv.DictReader(io.StringIO(file.getvalue().decode())))


def test_dollars_are_exact_where_a_float_would_not_be() -> None:
    file = io.BytesIO()
    write_json([ROW], file)
    [from_json] = json.loads(file.getvalue())
    [from_csv] = cells(ROW)
    assert from_json["cost_usd"] == from_csv["cost_usd"] == "-123456789012.34567"
    assert from_json["input_tokens"] == int(from_csv["input_tokens"]) == 2**62


def test_parquet_has_exact_types() -> None:
    file = io.BytesIO()
    write_parquet([ROW], file)
    [row] = parquet.read_table(io.BytesIO(file.getvalue())).to_pylist()
    assert row["cost_usd"] == Decimal("-123456789012.34567")
    assert row["cost_millicents"] == ROW.cost_millicents
    assert (row["day_utc"], row["stale"]) == (ROW.day_utc, False)


def test_all_formats_have_the_same_columns_also_without_rows() -> None:
    file = io.BytesIO()
    write_csv([], file)
    assert file.getvalue().decode() == ",".join(HEADERS) + "\n"
    file = io.BytesIO()
    write_parquet([], file)
    assert parquet.read_table(io.BytesIO(file.getvalue())).column_names == list(HEADERS)
    file = io.BytesIO()
    write_json([], file)
    assert json.loads(file.getvalue()) == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", " =1", "\uff1d1+1", "\t=1"])
def test_no_text_of_a_tenant_is_a_formula_in_a_spreadsheet(text: str) -> None:
    [row] = cells(ROW._replace(tenant=text, scope_name=text, model=text, phase=text))
    for name in ("tenant", "scope_name", "model", "phase"):
        assert row[name].lstrip()[0] in {"'", "\\"}
    # a number is a number
    assert row["cost_millicents"] == str(ROW.cost_millicents)


@pytest.mark.parametrize(("text", "shown"), HOSTILE.items())
def test_no_text_of_a_tenant_breaks_a_line_or_acts_on_a_terminal(text: str, shown: str) -> None:
    assert [row["scope_name"] for row in cells(ROW._replace(scope_name=text), ROW)] == [
        shown,
        "Shop",
    ]


@pytest.mark.parametrize(
    ("writer", "rows_given"), [(write_csv, 2_000), (write_json, 2_000), (write_parquet, 50_001)]
)
def test_rows_are_written_as_they_come(writer: Writer, rows_given: int) -> None:
    file = io.BytesIO()
    written_before_the_end = []

    def rows() -> Iterator[SummaryRow]:
        for _ in range(rows_given):
            yield ROW
        written_before_the_end.append(file.tell())

    writer(rows(), file)
    # more than a beginning such as Parquet's four bytes
    assert written_before_the_end[0] > 100


def test_without_the_extra_parquet_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'loopctl-pipelines\[parquet\]'"):
        write_parquet([ROW], io.BytesIO())


def test_what_was_written_is_added_up_by_scope() -> None:
    rows = [ROW, ROW._replace(cost_millicents=5, stale=True), ROW._replace(scope="agent")]
    totals = export(rows, FileFormat.CSV, io.BytesIO())
    assert totals["project"].cost_millicents == ROW.cost_millicents + 5
    assert (totals["project"].rows, totals["project"].stale, totals["agent"].rows) == (2, 1, 1)


def test_a_failed_export_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "costs.csv"
    path.write_text("before")
    with pytest.raises(ZeroDivisionError), whole_file(path) as file:
        file.write(b"%d" % (1 // 0))
    assert [each.name for each in tmp_path.iterdir()] == ["costs.csv"]
    assert path.read_text() == "before"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "no" / "costs.csv"
    with pytest.raises(UnwritableFileError, match=r"'costs\.csv' cannot be written"):
        whole_file(missing).__enter__()
    with pytest.raises(UnwritableFileError, match="Is a directory"), whole_file(tmp_path):
        pass
