"""Reads usage from CSV, plain or gzipped, into rows with ids. Pure."""

import csv
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID, uuid5

from loopctl_pipelines.loading import usage_values
from loopctl_pipelines.loading.errors import UsageFileError
from loopctl_pipelines.loading.usage_columns import FIXED_VALUES, UsageColumns

Value = TypeVar("Value")

_USAGE_IDS: Final = UUID("0a7d0c52-9d0f-5c6f-8f0b-75736167652e")
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One row that has a cost.

    Attributes:
        id: uuid5 of the tenant, everything below, and the row's number among equal rows.
        at: naive UTC.
        cost_millicents: 1/1000 cent.
    """

    id: UUID
    tenant: str
    tenant_slug: str
    project: str
    project_slug: str
    epic: str
    story: str
    agent: str
    model: str
    at: datetime
    cost_millicents: int
    input_tokens: int
    output_tokens: int

    def path_id(self, *names: str) -> UUID:
        """Return the id of an object of this tenant, such as (`project`, slug)."""
        return uuid5(_USAGE_IDS, json.dumps((self.tenant_slug, *names)))


@dataclass(frozen=True, slots=True)
class UsageFile:
    """A file's rows in their order, and the number of rows skipped because they have no cost."""

    rows: tuple[UsageRow, ...]
    without_cost: int


def read_usage_file(path: Path, columns: UsageColumns) -> UsageFile:
    """Read a whole CSV file in UTF-8, plain or gzipped.

    Raises:
        UsageFileError: naming the line and column of what is missing or unreadable.
    """
    try:
        with path.open("rb") as file:
            opener = gzip.open if file.read(len(_GZIP)) == _GZIP else open
        with opener(path, "rt", encoding="utf-8-sig", newline="") as lines:
            return read_usage(lines, columns)
    except (OSError, EOFError, zlib.error):
        raise UsageFileError(
            "The usage file cannot be opened or unpacked. Check its path and that it is CSV, "
            "plain or gzipped. Nothing was loaded."
        ) from None
    except UnicodeDecodeError:
        raise UsageFileError("The usage file is not UTF-8. Nothing was loaded.") from None


def read_usage(lines: Iterable[str], columns: UsageColumns) -> UsageFile:
    """Read CSV lines; the first is the header.

    Raises:
        UsageFileError: naming the line and column of what is missing or unreadable.
    """
    records = _records(lines)
    _, header = next(records, (1, []))
    places = columns.places(header)
    rows: list[UsageRow] = []
    without_cost = 0
    slugs: dict[tuple[str, ...], str] = {}
    seen: Counter[str] = Counter()
    for line, cells in records:
        if len(cells) != len(header):
            raise UsageFileError(
                f"Line {line} has {len(cells)} fields, the header {len(header)}. "
                "Correct the line. Nothing was loaded."
            )
        record = _Record(line, cells, header, places)
        if record.text("cost"):
            rows.append(_row(record, slugs, seen))
        else:
            without_cost += 1
    return UsageFile(tuple(rows), without_cost)


def _records(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield non-empty records with the line they begin at."""
    reader = csv.reader(lines, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error:
            raise UsageFileError(f"Line {line} is not CSV. Nothing was loaded.") from None
        if cells is None:
            return
        if cells:
            yield line, cells


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    cells: list[str]
    header: list[str]
    places: dict[str, int]

    def text(self, field: str) -> str:
        place = self.places.get(field)
        cell = "" if place is None else self.cells[place].strip()
        return cell or FIXED_VALUES.get(field, "")

    def value(self, field: str, read: Callable[[str], Value]) -> Value:
        try:
            return read(self.text(field))
        except ValueError as problem:
            refusal = self.refusal(field, str(problem))
        raise refusal

    def refusal(self, field: str, problem: str) -> UsageFileError:
        place = self.places.get(field)
        column = field if place is None else self.header[place]
        return UsageFileError(
            f"Line {self.line}, column {column!r} {problem}. "
            "Correct it or name another column. Nothing was loaded."
        )


def _row(record: _Record, slugs: dict[tuple[str, ...], str], seen: Counter[str]) -> UsageRow:
    tenant, project, epic, story, agent, model = (
        record.value(field, usage_values.name)
        for field in ("tenant", "project", "epic", "story", "agent", "model")
    )
    tenant_slug = _slug(record, "tenant", tenant, (), slugs)
    project_slug = _slug(record, "project", project, (tenant_slug,), slugs)
    at = record.value("at", usage_values.utc)
    cost = record.value("cost", usage_values.millicents)
    tokens = [record.value(f"{kind}_tokens", usage_values.tokens) for kind in ("input", "output")]
    content = json.dumps(
        (tenant_slug, project_slug, epic, story, agent, model, at.isoformat(), cost, *tokens)
    )
    seen[content] += 1
    return UsageRow(
        id=uuid5(_USAGE_IDS, f"{seen[content]} {content}"),
        tenant=tenant,
        tenant_slug=tenant_slug,
        project=project,
        project_slug=project_slug,
        epic=epic,
        story=story,
        agent=agent,
        model=model,
        at=at,
        cost_millicents=cost,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
    )


def _slug(
    record: _Record,
    field: str,
    name: str,
    owner: tuple[str, ...],
    slugs: dict[tuple[str, ...], str],
) -> str:
    """Two names with one slug would put one tenant's usage under the other's name."""
    slug = usage_values.slug(name) or f"{field}-{uuid5(_USAGE_IDS, name).hex[:12]}"
    if slugs.setdefault((*owner, slug), name) != name:
        raise record.refusal(field, "has the same slug as a different name further up")
    return slug
