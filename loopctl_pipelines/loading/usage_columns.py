"""Finds the column of each field of a usage file. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from loopctl_pipelines.loading.errors import UsageFileError
from loopctl_pipelines.loading.presets import PRESETS, Format

# Names that are tried, in this order, for a field without a named column. An agent's name
# serves as the tenant too: public files mostly hold runs of agents on the tasks of repositories.
_USUAL_NAMES: Final = {
    "tenant": ("tenant", "agent"),
    "project": ("project", "benchmark"),
    "epic": ("epic", "repository"),
    "story": ("story", "task", "run"),
    "agent": ("agent",),
    "model": ("model", "model_name"),
    "at": ("at", "created_utc", "submission_time", "started_utc"),
    "cost": ("cost", "cost_usd", "total_cost_usd"),
    "currency": ("currency",),
    "input_tokens": ("input_tokens", "prompt_tokens"),
    "output_tokens": ("output_tokens", "completion_tokens"),
    "cache_read_tokens": ("cache_read_input_tokens", "cache_read_tokens"),
    "cache_write_tokens": ("cache_creation_input_tokens", "cache_write_tokens"),
}
FIELDS: Final = tuple(_USUAL_NAMES)
CACHE_FIELDS: Final = ("cache_read_tokens", "cache_write_tokens")

# Values for a field without a column, or with an empty cell. Time and cost have none.
FIXED_VALUES: Final = {
    "tenant": "Loaded usage",
    "project": "(none)",
    "epic": "(none)",
    "agent": "(none)",
    "model": "(none)",
    "currency": "USD",
    "input_tokens": "0",
    "output_tokens": "0",
    "cache_read_tokens": "0",
    "cache_write_tokens": "0",
}
_TOKENS: Final = re.compile(r"token|cache_(?:read|creation|write)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class UsageColumns:
    """A file's columns.

    Attributes:
        of: the column of each field that has one.
        remarks: what a person should know of the others.
    """

    of: Mapping[str, str]
    remarks: tuple[str, ...]


def find_columns(
    columns: Sequence[str],
    named: Mapping[str, str],
    preset: Format | None = None,
    *,
    needs_story: bool = True,
) -> UsageColumns:
    """Return the column of each field: the named one, that of the preset, or one of a usual name.

    Names are compared without their case. A field without a column gets a fixed value.

    Args:
        columns: those of the file.
        named: columns that a person named, by field.
        preset: a known export.
        needs_story: whether a file without a column of the story is refused.

    Raises:
        UsageFileError: if a named column, or a required one, is missing, or occurs twice.
    """
    places: dict[str, list[int]] = {}
    for place, column in enumerate(columns):
        places.setdefault(column.casefold(), []).append(place)
    known = PRESETS[preset].columns if preset else {}
    found: dict[str, str] = {}
    for field in FIELDS:
        wanted = _wanted(field, named, known)
        name = next((name for name in wanted if name.casefold() in places), None)
        if name is not None and _is_counted_already(field, named, known, found):
            continue
        if name is not None:
            found[field] = _only_one(columns, places[name.casefold()])
        elif field in named or (field not in FIXED_VALUES and (needs_story or field != "story")):
            raise _missing(field, wanted, columns)
    return UsageColumns(found, tuple(_remarks(columns, places, found, preset)))


def _wanted(field: str, named: Mapping[str, str], known: Mapping[str, str]) -> tuple[str, ...]:
    if field in named:
        return (named[field],)
    return (known[field],) if field in known else _USUAL_NAMES[field]


def _is_counted_already(
    field: str, named: Mapping[str, str], known: Mapping[str, str], found: Mapping[str, str]
) -> bool:
    """Tell whether cache tokens may be part of the input: `prompt_tokens` contain them."""
    if field not in CACHE_FIELDS or field in named or field in known:
        return False
    return found.get("input_tokens", "input_tokens").casefold() != "input_tokens"


def _only_one(columns: Sequence[str], places: Sequence[int]) -> str:
    if len(places) > 1:
        ordinals = " and ".join(str(place + 1) for place in places)
        raise UsageFileError(
            f"Line 1: the columns {ordinals} are both called {columns[places[0]]!r}; expected one. "
            "Rename one of them. Nothing was loaded."
        )
    return columns[places[0]]


def _missing(field: str, wanted: Sequence[str], columns: Sequence[str]) -> UsageFileError:
    has = ", ".join(map(repr, columns[:20])) or "none"
    instead = " or give --story-default NAME" if field == "story" else ""
    return UsageFileError(
        f"Line 1: no column {' or '.join(map(repr, wanted))} for the field {field!r}. Name the "
        f"column that holds it with --map {field}=COLUMN{instead}. "
        f"The file has the columns {has:.500}. Nothing was loaded."
    )


def _remarks(
    columns: Sequence[str],
    places: Mapping[str, Sequence[int]],
    found: Mapping[str, str],
    preset: Format | None,
) -> list[str]:
    part_of_input = PRESETS[preset].part_of_input if preset else ()
    used = set(found.values())
    remarks = []
    for column in dict.fromkeys(columns):
        if column in used:
            continue
        if column in part_of_input:
            remarks.append(
                f"column {column!r} is not added: its tokens are part of "
                f"{found.get('input_tokens', 'the input')!r} or of the output (line 1)"
            )
        elif _TOKENS.search(column):
            remarks.append(
                f"column {column!r} looks like tokens and is not mapped; "
                f"--map FIELD={column} would load it (line 1)"
            )
    remarks.extend(
        f"{len(which)} columns are called {columns[which[0]]!r}; none of them is loaded (line 1)"
        for which in places.values()
        if len(which) > 1
    )
    return remarks
