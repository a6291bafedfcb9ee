"""Acme as a vendor: its name, and what its client's exceptions mean."""

from typing import Final

from loopctl_pipelines.llm.failures import FailureKind
from loopctl_pipelines.llm.vendor import Vendor

_PACKAGE = __name__.rpartition(".")[0]

ACME: Final = Vendor(
    "acme",
    {
        (_PACKAGE, "StatusError"): FailureKind.API_ERROR,
        (_PACKAGE, "ConnectionFailedError"): FailureKind.REQUEST_FAILED,
    },
)
