"""Turns records of text into rows of usage, and remarks on what it leaves out. Pure."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache, partial
from typing import Final, TypeVar
from uuid import UUID, uuid5

from loopctl_pipelines.loading import usage_times, usage_values
from loopctl_pipelines.loading.errors import UsageFileError
from loopctl_pipelines.loading.reading_options import ReadingOptions
from loopctl_pipelines.loading.records import Record
from loopctl_pipelines.loading.remarks import Remark, Remarks
from loopctl_pipelines.loading.usage_columns import CACHE_FIELDS, FIXED_VALUES
from loopctl_pipelines.loading.usage_row import USAGE_IDS, UsageRow

Value = TypeVar("Value")

_NULLS: Final = {"NULL", "null", "Null", "None", "NaN", "nan", "N/A", "n/a", "#N/A", "\\N"}
_TOTALS: Final = {"total", "totals", "grand total", "subtotal", "sum", "summe", "gesamt", "somme"}
_NAMES: Final = ("tenant", "project", "epic", "story", "agent", "model")
_PLAIN_DIGITS: Final = 18
_DOLLARS: Final = {"USD", "US$", "$"}


class RowReader:
    """Reads the rows of one file."""

    def __init__(
        self, columns: Mapping[str, str], options: ReadingOptions, remarks: Remarks
    ) -> None:
        self._columns = columns
        self._cache_fields = tuple(field for field in CACHE_FIELDS if field in columns)
        self._options = options
        self._remarks = remarks
        self._seen: dict[int, int] = {}
        # cells whose names were checked: a million rows share few
        self._names: dict[str, str] = {}
        self._slugs: dict[tuple[str, ...], str] = {}
        self._names_of_slugs: dict[tuple[str, ...], str] = {}
        self._read_time = partial(usage_times.utc, zone=options.zone, day_first=options.day_first)
        self._read_cost = partial(
            usage_values.millicents, decimal=options.decimal, unit=options.unit
        )
        self._read_tokens = partial(usage_values.tokens, decimal=options.decimal)

    def read(self, record: Record) -> UsageRow | None:
        """Return the row of a record; None if it is left out.

        Raises:
            UsageFileError: naming line, column, value and what is expected.
        """
        line, cells = record
        time, cost = self._text(record, "at"), self._text(record, "cost")
        remark = _left_out(cells, time, cost)
        if remark is None:
            at = self._value(record, "at", time, self._read_time)
            if at.date() < self._options.start:
                self._remarks.add(Remark.BEFORE_START, line)
            if at.date() <= self._options.last:
                return self._row(record, at, self._millicents(record, cost))
            remark = Remark.FUTURE
        self._remarks.add(remark, line)
        return None

    def _row(self, record: Record, at: datetime, cost: int) -> UsageRow:
        tenant, project, epic, story, agent, model = [self._name(record, field) for field in _NAMES]
        tenant_slug = self._slug(record, "tenant", tenant)
        project_slug = self._slug(record, "project", project, tenant_slug)
        input_tokens = self._input_tokens(record)
        output_tokens = self._tokens(record, "output_tokens")
        names = map(_as_json, (tenant_slug, project_slug, epic, story, agent, model))
        # as JSON, so that no two rows have one text
        content = (
            f'[{", ".join(names)}, "{at.isoformat()}", {cost}, {input_tokens}, {output_tokens}]'
        )
        return UsageRow(
            id=self._id(content),
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
            input_tokens=input_tokens,
            output_tokens=output_tokens,
        )

    def _id(self, content: str) -> UUID:
        first = uuid5(USAGE_IDS, f"1 {content}")
        count = self._seen[first.int] = self._seen.get(first.int, 0) + 1
        return first if count == 1 else uuid5(USAGE_IDS, f"{count} {content}")

    def _millicents(self, record: Record, text: str) -> int:
        currency = self._text(record, "currency") or FIXED_VALUES["currency"]
        if currency.upper() not in _DOLLARS:
            problem = "is not US dollars; expected USD, so convert the costs first"
            raise self._refusal(record, "currency", currency, problem)
        cost, is_rounded_to_nothing = self._value(record, "cost", text, self._read_cost)
        if is_rounded_to_nothing:
            self._remarks.add(Remark.ROUNDED, record[0])
        if cost < 0:
            self._remarks.add(Remark.NEGATIVE, record[0])
        return cost

    def _input_tokens(self, record: Record) -> int:
        cached = sum(self._tokens(record, field) for field in self._cache_fields)
        if cached:
            self._remarks.add(Remark.CACHE, record[0])
        tokens = self._tokens(record, "input_tokens") + cached
        if abs(tokens) > usage_values.MOST:
            problem = "is too large a number with the cache tokens; expected less than 4.6e18"
            raise self._refusal(record, "input_tokens", str(tokens), problem)
        return tokens

    def _tokens(self, record: Record, field: str) -> int:
        column = self._columns.get(field)
        cell = record[1].get(column, "") if column is not None else ""
        if cell.isdecimal() and cell.isascii() and len(cell) <= _PLAIN_DIGITS:
            return int(cell)  # nearly all are
        return self._value(record, field, self._text(record, field) or "0", self._read_tokens)

    def _name(self, record: Record, field: str) -> str:
        line, cells = record
        column = self._columns.get(field)
        cell = cells.get(column, "") if column is not None else ""
        known = self._names.get(cell)
        if known is not None:
            return known
        text = self._text(record, field)
        if text:
            name = self._names[cell] = self._value(record, field, text, usage_values.name)
            return name
        if field == "story" and self._options.story_default is not None:
            self._remarks.add(Remark.NO_STORY, line)
            text = self._options.story_default
        return self._value(record, field, text or FIXED_VALUES.get(field, ""), usage_values.name)

    def _slug(self, record: Record, field: str, name: str, *owner: str) -> str:
        """Two names with one slug would put one tenant's usage under the other's name."""
        known = self._slugs.get((field, *owner, name))
        if known is not None:
            return known
        slug = usage_values.slug(name) or f"{field}-{uuid5(USAGE_IDS, name).hex[:12]}"
        other = self._names_of_slugs.setdefault((*owner, slug), name)
        if other != name:
            problem = f"has the same slug as {other!r} further up; expected one spelling"
            raise self._refusal(record, field, name, problem)
        self._slugs[field, *owner, name] = slug
        return slug

    def _text(self, record: Record, field: str) -> str:
        column = self._columns.get(field)
        if column is None:
            return ""
        text = record[1].get(column, "").strip()
        if text in _NULLS:
            self._remarks.add(Remark.NULL, record[0])
            return ""
        return text

    def _value(self, record: Record, field: str, text: str, read: Callable[[str], Value]) -> Value:
        try:
            return read(text)
        except ValueError as problem:
            refusal = self._refusal(record, field, text, str(problem))
        raise refusal

    def _refusal(self, record: Record, field: str, text: str, problem: str) -> UsageFileError:
        column = self._columns.get(field, field)
        instead = " (or give --story-default NAME)" if field == "story" else ""
        return UsageFileError(
            f"Line {record[0]}, column {column!r}: {text[:60]!r} {problem}{instead}. "
            f"Correct it, or name another column with --map {field}=COLUMN. Nothing was loaded."
        )


def _left_out(cells: Mapping[str, str], time: str, cost: str) -> Remark | None:
    if not time and not any(map(str.strip, cells.values())):
        return Remark.EMPTY
    if not time and any(cell.strip(" :").casefold() in _TOTALS for cell in cells.values()):
        return Remark.TOTAL
    return None if cost else Remark.WITHOUT_COST


_as_json: Final = lru_cache(maxsize=50_000)(json.dumps)
