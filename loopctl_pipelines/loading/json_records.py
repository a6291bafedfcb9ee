"""Reads JSON: a list of objects, also as a page of an API, or objects one after the other. Pure.

Numbers stay the text that they are in the file, so decimals stay exact.
"""

import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, TextIO

from loopctl_pipelines.loading.errors import UsageFileError
from loopctl_pipelines.loading.records import Record, RecordFile

_SPACE: Final = re.compile(r"\s*")
_LIST_OF_OBJECTS: Final = re.compile(r"\[\s*[{\]]")
_LISTS: Final = frozenset({"data", "results", "rows", "records"})
"""Keys of an object that is the whole file, whose list has the rows."""


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    item = dict(pairs)
    if len(item) < len(pairs):
        raise ValueError
    return item


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_each_key_once, parse_float=str, parse_int=str, parse_constant=str
)


def is_json(start: str) -> bool:
    """Tell from a file's first characters whether it is JSON."""
    return start.lstrip().startswith(("{", "["))


def open_json(open_again: Callable[[], TextIO]) -> RecordFile:
    """Read the file once for its columns: an object may lack what another one has.

    A field of a nested object is a column with a dotted name. Lists are no columns.

    Raises:
        UsageFileError: naming the line that is not JSON.
    """
    columns: dict[str, None] = {}
    for _, cells in _records(open_again()):
        columns |= dict.fromkeys(cells)
    return RecordFile("JSON", tuple(columns), is_json=True, records=_records(open_again()))


def _records(lines: TextIO) -> Iterator[Record]:
    for line, item in _items(lines):
        if not isinstance(item, dict):
            raise _refusal(line)
        cells: dict[str, str] = {}
        try:
            _flatten(item, "", cells)
        except (ValueError, RecursionError):
            raise _refusal(line) from None
        yield line, cells


def _flatten(item: dict[str, Any], prefix: str, cells: dict[str, str]) -> None:
    for key, value in item.items():
        name = prefix + key.strip()
        if name in cells:
            raise ValueError
        if isinstance(value, str):
            cells[name] = value
        elif isinstance(value, dict):
            _flatten(value, f"{name}.", cells)
        elif value is None:
            cells[name] = ""
        elif isinstance(value, bool):
            cells[name] = str(value).lower()


def _items(lines: TextIO) -> Iterator[tuple[int, Any]]:
    """Yield items with their lines: line by line, if the first line is an item."""
    first = lines.readline()
    if _list_in(first) is not None:
        rest = lines.read()
        if not rest.strip():
            yield from _items_of_document(first)
            return
        lines = io.StringIO(rest)
    if _is_object(first):
        for line, text in enumerate(_with_first(first, lines), start=1):
            if text.strip():
                try:
                    yield line, _DECODER.decode(text.strip())
                except (ValueError, RecursionError):
                    raise _refusal(line) from None
    else:
        yield from _items_of_document(first + lines.read())


def _with_first(first: str, lines: TextIO) -> Iterator[str]:
    yield first
    yield from lines


def _is_object(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False  # a list may be the whole file: it is not decoded at once
    try:
        return isinstance(_DECODER.decode(text.strip()), dict)
    except (ValueError, RecursionError):
        return False


def _items_of_document(text: str) -> Iterator[tuple[int, Any]]:
    """Yield the items of one list, or objects that take several lines each."""
    start = _list_in(text)
    place, line, counted = _after_space(text, 0) if start is None else start, 1, 0
    in_list = text.startswith("[", place)
    place = _after_space(text, place + 1) if in_list else place
    while place < len(text) and not (in_list and text[place] == "]"):
        line, counted = line + text.count("\n", counted, place), place
        try:
            item, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            raise _refusal(line) from None
        yield line, item
        place = _after_space(text, place)
        if in_list and text.startswith(",", place):
            place = _after_space(text, place + 1)
        elif in_list and not text.startswith("]", place):
            raise _refusal(line)
    # the list was decoded item by item; without its items, the rest is small
    if in_list and not _is_json_with("[" + text[place:], text[:start] if start else ""):
        raise _refusal(line + text.count("\n", counted, place))


def _is_json_with(end: str, beginning: str) -> bool:
    try:
        _DECODER.decode((beginning + end).strip())
    except (ValueError, RecursionError):
        return False
    return True


def _list_in(text: str) -> int | None:
    """Return where the list of rows begins in an object; None if it has none."""
    place = _after_space(text, 0)
    separator = "{"
    try:
        while text.startswith(separator, place):
            key, place = _DECODER.raw_decode(text, _after_space(text, place + 1))
            place = _after_space(text, place)
            if not text.startswith(":", place):
                return None
            place = _after_space(text, place + 1)
            if key in _LISTS and _LIST_OF_OBJECTS.match(text, place):
                return place
            _, place = _DECODER.raw_decode(text, place)
            place, separator = _after_space(text, place), ","
    except (ValueError, TypeError, RecursionError):
        return None
    return None


def _after_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _refusal(line: int) -> UsageFileError:
    return UsageFileError(
        f"Line {line} is not a JSON object with each key once. Expected a list of objects, or an "
        "object on each line. Nothing was loaded."
    )
