"""When Dagster requests a run again by itself."""

from collections.abc import Mapping
from typing import Final

RETRIED_IF_KILLED: Final[Mapping[str, str]] = {
    "dagster/max_retries": "3",
    # a tenant that fails would fail again; only the death of the process is nobody's fault
    "dagster/retry_on_asset_or_op_failure": "false",
    "dagster/retry_strategy": "ALL_STEPS",
}
"""Tags of scheduled runs, which nothing else requests again before the next night."""
