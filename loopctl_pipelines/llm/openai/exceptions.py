"""OpenAI as a vendor: its name, and what its client's exceptions mean. Pure."""

from datetime import timedelta
from typing import Final

from loopctl_pipelines.llm.circuit import DEFAULT_POLICY, BreakerPolicy
from loopctl_pipelines.llm.failures import FailureKind
from loopctl_pipelines.llm.vendor import Vendor

DEADLINE_SECONDS: Final = 4
"""For a whole request, unless the operator sets another one; with the guard above it 5 s."""

# from the deadline to the end of a probe's lease: the guard, and the database
_LEASE_BEYOND_DEADLINE = timedelta(seconds=11)

OPENAI: Final = Vendor(
    "openai",
    {
        (__name__, "WrongUrlError"): FailureKind.WRONG_URL,
        ("openai", "APIStatusError"): FailureKind.API_ERROR,
        ("openai", "APITimeoutError"): FailureKind.TIMEOUT,
        ("openai", "APIConnectionError"): FailureKind.REQUEST_FAILED,
    },
)


class WrongUrlError(Exception):
    """The server answered 404, and not because of the model. Holds nothing."""


def policy_for(deadline_seconds: float) -> BreakerPolicy:
    """Return when circuits open, if a request may take so long.

    Three late answers in a row open a circuit, and a probe outlasts a request, whatever the
    deadline is.
    """
    deadline = timedelta(seconds=deadline_seconds)
    longer = max(deadline - timedelta(seconds=DEADLINE_SECONDS), timedelta(0))
    return BreakerPolicy(
        window=DEFAULT_POLICY.window + 2 * longer,
        probe_lease=max(DEFAULT_POLICY.probe_lease, deadline + _LEASE_BEYOND_DEADLINE),
    )
