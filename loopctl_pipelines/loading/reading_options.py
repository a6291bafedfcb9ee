"""What a person says about a usage file. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, tzinfo

from loopctl_pipelines.loading.presets import Format
from loopctl_pipelines.loading.usage_values import CurrencyUnit


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How to read a file. What is not given is found in the file, or usual.

    Attributes:
        columns: the column that holds a field, by field.
        preset: an export whose columns are known.
        story_default: the story of a row without one; None refuses such a row.
        unit: that of the costs.
        decimal: the decimal mark of CSV, `.` or `,`; None means `.`, and refuses a number such as
            `1,234`, which could be either.
        zone: that of times that name none.
        day_first: what a date such as 4/2/2026 begins with; None refuses it.
        encoding: as Python names it.
        start: rows before it are loaded, and remarked.
        last: rows after it are left out.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    preset: Format | None = None
    story_default: str | None = None
    unit: CurrencyUnit = CurrencyUnit.DOLLAR
    decimal: str | None = None
    zone: tzinfo = UTC
    day_first: bool | None = None
    encoding: str | None = None
    start: date = date.min
    last: date = date.max
