"""What both kinds of files are read into: records of text, by the names of their columns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

# the line at which it begins, and its cells
Record: TypeAlias = tuple[int, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class RecordFile:
    """An open file.

    Attributes:
        dialect: how it is written, for people.
        columns: its columns' names without padding, in their order; one may occur twice.
        is_json: numbers are JSON's, with a decimal point.
        records: can be read once.
    """

    dialect: str
    columns: tuple[str, ...]
    is_json: bool
    records: Iterator[Record]
