"""Partitions that failed, and the one failure that a run ends with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dagster import Failure, MetadataValue

from loopctl_pipelines.errors import PipelinesError

FAILED_PARTITIONS: Final = "failed partitions"
"""Metadata of a run's failure: the keys of the partitions that failed."""

_SHOWN_ERRORS: Final = 10
_REASON_CHARACTERS: Final = 2_000


@dataclass(frozen=True, slots=True)
class FailedPartitions:
    """The keys of partitions that failed, all for the same reason."""

    keys: Sequence[str]
    error: PipelinesError


def describe_errors(errors: Sequence[PipelinesError]) -> str:
    """Return the first errors as one text, and how many more are in the log."""
    shown = " ".join(map(str, errors[:_SHOWN_ERRORS]))
    more = len(errors) - _SHOWN_ERRORS
    return f"{shown} And {more} more, see the log." if more > 0 else shown


def shorten(reason: str) -> str:
    """Return the reason, or its beginning, in at most 2,000 characters."""
    if len(reason) <= _REASON_CHARACTERS:
        return reason
    return f"{reason[: _REASON_CHARACTERS - 1]}…"


def run_failure(landed: int, failed: Sequence[FailedPartitions]) -> Failure:
    """Return the failure of a run whose other partitions, `landed` in number, landed."""
    keys = [str(key) for part in failed for key in part.keys]
    return Failure(
        f"{len(keys)} of {len(keys) + landed} partitions failed. "
        + describe_errors([part.error for part in failed]),
        metadata={FAILED_PARTITIONS: MetadataValue.json(keys)},
        allow_retries=False,
    )
