"""One table of usage is read alike, however it is written."""

import bz2
import gzip
import json
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from loopctl_pipelines.loading.errors import UsageFileError
from loopctl_pipelines.loading.reading_options import ReadingOptions
from loopctl_pipelines.loading.usage_files import UsageFile, read_usage_file

HEADER = ("tenant", "story", "model", "at", "cost", "input_tokens")
ROWS = (
    ("acme", 'Café, "log in"', "glm-5", "2026-01-02", "0.10000000000000000555", "10"),
    ("acme", "Search", "glm-5", "2026-01-03T04:05:06Z", "1.25", "20"),
)
OBJECTS = [dict(zip(HEADER, row, strict=True)) for row in ROWS]


def table(delimiter: str, quote: str = '"') -> str:
    quoted = (
        delimiter.join(f"{quote}{cell.replace(quote, quote * 2)}{quote}" for cell in row)
        for row in (HEADER, *ROWS)
    )
    return "\r\n".join(quoted) + "\r\n"


def read(path: Path, content: str | bytes, **options: str) -> UsageFile:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_usage_file(path, ReadingOptions(encoding=options.get("encoding")))


@pytest.fixture
def expected(tmp_path: Path) -> UsageFile:
    usage = read(tmp_path / "usual.csv", table(","))
    assert [row.cost_millicents for row in usage.rows] == [10_000, 125_000]
    assert usage.rows[0].story == 'Café, "log in"'
    return usage


@pytest.mark.parametrize(
    ("content", "dialect"),
    [
        (table(";"), "CSV with semicolons, decimal mark '.', utf-8, not packed"),
        (table("\t").encode("utf-16"), "CSV with tabs, decimal mark '.', utf-16, not packed"),
        (table("|").encode("utf-16-le"), "CSV with bars, decimal mark '.', utf-16-le, not packed"),
        (
            table(",").encode("utf-8-sig"),
            "CSV with commas, decimal mark '.', utf-8-sig, not packed",
        ),
        (table(",").encode("latin-1"), "decimal mark '.', windows-1252, not packed"),
        (gzip.compress(table(",").encode()), "gzip"),
        (bz2.compress(table(",").encode()), "bzip2"),
        (lzma.compress(table(",").encode()), "xz"),
        (json.dumps(OBJECTS), "JSON, utf-8, not packed"),
        (json.dumps(OBJECTS, indent=2), "JSON, utf-8, not packed"),
        ("\n\n".join(map(json.dumps, OBJECTS)), "JSON, utf-8, not packed"),
        ("\n".join(json.dumps(item, indent=1) for item in OBJECTS), "JSON, utf-8, not packed"),
        (gzip.compress(json.dumps(OBJECTS).encode("utf-16")), "JSON, utf-16, gzip"),
        (json.dumps({"object": "list", "data": OBJECTS}) + "\n", "JSON, utf-8, not packed"),
        (json.dumps({"rows": OBJECTS, "n": {"m": 2}}, indent=2), "JSON, utf-8, not packed"),
        ("sep=;\r\n" + table(";"), "CSV with semicolons, decimal mark '.', utf-8, not packed"),
        ('"sep=\t"\n' + table("\t"), "CSV with tabs, decimal mark '.', utf-8, not packed"),
    ],
    ids=lambda value: value if isinstance(value, str) and "packed" in value else "",
)
def test_the_same_rows_are_read_from_every_kind_of_file(
    tmp_path: Path, expected: UsageFile, content: str | bytes, dialect: str
) -> None:
    usage = read(tmp_path / "usage", content)
    assert usage.rows == expected.rows
    assert usage.dialect.endswith(dialect)


def test_an_archive_of_one_file_is_read_and_one_of_two_is_refused(
    tmp_path: Path, expected: UsageFile
) -> None:
    path = tmp_path / "usage.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("usage.csv", table(","))
    assert read_usage_file(path).rows == expected.rows
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.csv", table(","))
    with pytest.raises(UsageFileError, match="does not hold exactly one file"):
        read_usage_file(path)


def test_an_encoding_that_no_file_shows_is_named(tmp_path: Path) -> None:
    content = table(",").replace("Café", "検索").encode("shift_jis")
    assert read(tmp_path / "usage.csv", content, encoding="shift_jis").rows[0].story[:2] == "検索"
    with pytest.raises(UsageFileError, match=r"is not text in utf-8.*--encoding latin-1"):
        read(tmp_path / "usage.csv", content, encoding="utf-8")
    with pytest.raises(UsageFileError, match="There is no encoding 'klingon'"):
        read(tmp_path / "usage.csv", content, encoding="klingon")


def test_a_list_in_one_of_several_objects_is_no_list_of_rows(tmp_path: Path) -> None:
    objects = [{**item, "data": [{"story": "none"}]} for item in OBJECTS]
    lines = "".join(json.dumps(item) + "\n" for item in objects)
    stories = [row.story for row in read(tmp_path / "usage.jsonl", lines).rows]
    assert stories == [item["story"] for item in OBJECTS]


def test_lines_are_counted_from_the_line_that_names_the_delimiter(tmp_path: Path) -> None:
    with pytest.raises(UsageFileError, match="Line 3, column 'cost': 'x' is not a number"):
        read(tmp_path / "usage.csv", "sep=,\nstory,at,cost\ns,2026-01-02,x\n")


def test_numbers_of_json_stay_exact(tmp_path: Path) -> None:
    content = '{"story": "s", "at": "2026-01-02", "cost": 12345678901234.000005}'
    (row,) = read(tmp_path / "usage.json", content).rows
    assert row.cost_millicents == 1_234_567_890_123_400_001


def test_a_nested_field_is_a_column_that_a_later_object_may_add(tmp_path: Path) -> None:
    content = (
        '{"story": "s", "at": "2026-01-02", "cost": {"usd": 1}}\n'
        '{"story": "s", "at": "2026-01-02", "cost": {"usd": 2}, "usage": {"in": {"total": 7}}}\n'
    )
    path = tmp_path / "usage.jsonl"
    path.write_text(content)
    columns = {"cost": "cost.usd", "input_tokens": "usage.in.total"}
    usage = read_usage_file(path, ReadingOptions(columns))
    assert [row.input_tokens for row in usage.rows] == [0, 7]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('{"a": 1}\n{"a": \n', 2),
        ('{"a": 1}\n[1]\n', 2),
        ('[{"a": 1},\n{"a": 2},\n3]', 3),
        ('[{"a": 1}\n{"a": 2}]', 1),
        ('[{"a": 1},\n{"a": 2}\n', 2),
        ('[{"a": 1}]\nmore', 1),
        ('{"a": 1}\n{"a": 1, "a": 2}', 2),
        ('{"a": 1}\n{"a": {"b": 1}, "a.b": 2}', 2),
        ("[" * 100_000, 1),
        ('{"data": [{"a": 1},\n{"a": 2},\n3]}', 3),
        ('{"data": [{"a": 1}\n]', 2),
        ('{"data": [{"a": 1}],\n"data": []}', 1),
    ],
)
def test_a_line_that_is_no_object_is_named(tmp_path: Path, content: str, line: int) -> None:
    with pytest.raises(UsageFileError, match=f"Line {line} is not a JSON object"):
        read(tmp_path / "usage.json", content)


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, lambda _: b"PK\3\4" + bytes(40)]
)
def test_a_file_that_cannot_be_unpacked_is_refused(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(UsageFileError, match="cannot be opened or unpacked"):
        read(tmp_path / "usage.csv", pack(table(",").encode())[:-20])


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageFileError, match="cannot be opened or unpacked"):
        read_usage_file(tmp_path / "usage.csv")
