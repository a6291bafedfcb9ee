"""Maps the columns of a usage file to fields."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from loopctl_pipelines.loading.errors import UsageFileError

# Header names that are tried, in this order, for a field without a named column. An agent's name
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
    "input_tokens": ("input_tokens", "prompt_tokens"),
    "output_tokens": ("output_tokens", "completion_tokens"),
}

# Values for a field without a column, or with an empty cell. The other fields are required.
FIXED_VALUES: Final = {
    "tenant": "Loaded usage",
    "project": "(none)",
    "epic": "(none)",
    "agent": "(none)",
    "model": "(none)",
    "input_tokens": "0",
    "output_tokens": "0",
}


@dataclass(frozen=True, slots=True)
class UsageColumns:
    """Names of a usage file's columns.

    None means one of the usual names, if the header has it, otherwise a fixed value: the tenant
    `Loaded usage`, `(none)` for project, epic, agent and model, 0 tokens. Story, time and cost have
    no fixed value.

    Attributes:
        at: when the tokens were used, in ISO 8601; UTC unless it has an offset.
        cost: in US dollars.
    """

    tenant: str | None = None
    project: str | None = None
    epic: str | None = None
    story: str | None = None
    agent: str | None = None
    model: str | None = None
    at: str | None = None
    cost: str | None = None
    input_tokens: str | None = None
    output_tokens: str | None = None

    def places(self, header: Sequence[str]) -> dict[str, int]:
        """Return the index in `header` of each field that has a column.

        Raises:
            UsageFileError: if a named column, or a required one, is missing.
        """
        return {
            field: header.index(column)
            for field, named in asdict(self).items()
            if (column := _column(field, named, header)) is not None
        }


def _column(field: str, named: str | None, header: Sequence[str]) -> str | None:
    wanted = (named,) if named is not None else _USUAL_NAMES[field]
    for name in wanted:
        if name in header:
            return name
    if named is None and field in FIXED_VALUES:
        return None
    raise UsageFileError(
        f"Line 1: no column {' or '.join(map(repr, wanted))} for the field {field!r}. "
        "Name the column that holds it. Nothing was loaded."
    )
