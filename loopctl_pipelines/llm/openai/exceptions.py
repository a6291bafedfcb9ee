"""OpenAI as a vendor: its name, and what its client's exceptions mean. Pure."""

from typing import Final

from loopctl_pipelines.llm.failures import FailureKind
from loopctl_pipelines.llm.vendor import Vendor

OPENAI: Final = Vendor(
    "openai",
    {
        ("openai", "APIStatusError"): FailureKind.API_ERROR,
        ("openai", "APITimeoutError"): FailureKind.TIMEOUT,
        ("openai", "APIConnectionError"): FailureKind.REQUEST_FAILED,
    },
)
