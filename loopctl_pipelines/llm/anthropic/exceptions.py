"""Anthropic as a vendor: its name, its circuits, and what its client's exceptions mean. Pure."""

from datetime import timedelta
from typing import Final

from loopctl_pipelines.llm.circuit import BreakerPolicy
from loopctl_pipelines.llm.failures import FailureKind
from loopctl_pipelines.llm.vendor import Vendor

LONGEST_DEADLINE_SECONDS: Final = 180
"""The highest LOOPCTL_ANTHROPIC_DEADLINE_SECONDS."""

_LONGEST_CALL = timedelta(seconds=LONGEST_DEADLINE_SECONDS)

ANTHROPIC: Final = Vendor(
    "anthropic",
    {
        ("anthropic", "APIStatusError"): FailureKind.API_ERROR,
        ("anthropic", "APITimeoutError"): FailureKind.TIMEOUT,
        ("anthropic", "APIConnectionError"): FailureKind.REQUEST_FAILED,
    },
    # three requests that time out one after the other open a circuit; a probe outlasts a request
    BreakerPolicy(
        window=timedelta(seconds=60) + 2 * _LONGEST_CALL,
        probe_lease=_LONGEST_CALL + timedelta(seconds=15),
    ),
)
