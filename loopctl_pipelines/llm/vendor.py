"""What the shared path needs to know about a vendor. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from loopctl_pipelines.llm.circuit import DEFAULT_POLICY, BreakerPolicy
from loopctl_pipelines.llm.failures import FailureKind


@dataclass(frozen=True, slots=True)
class Vendor:
    """A company or server that answers LLM requests.

    Exception classes are named, not imported: a vendor's client takes most of a second to import,
    and a process that never calls the vendor should not pay for it.

    Attributes:
        name: lowercase; the key of its circuits and the name that operators type.
        exceptions: kind of failure by (package, class name) of its client's exceptions; subclasses
            are included, and a package includes its submodules. An `api_error` needs a class with
            `status_code` and `response.headers`, as clients on httpx have.
        policy: when its circuits open, and for how long.
    """

    name: str
    exceptions: Mapping[tuple[str, str], FailureKind]
    policy: BreakerPolicy = DEFAULT_POLICY
