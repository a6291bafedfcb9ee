"""The vendors of this version, by name. A new vendor adds one line here."""

from collections.abc import Mapping
from typing import Final

from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.llm.anthropic.exceptions import ANTHROPIC
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines.llm.vendor import Vendor

VENDORS: Final[Mapping[str, Vendor]] = {vendor.name: vendor for vendor in (ANTHROPIC, OPENAI)}


class UnknownVendorError(PipelinesError):
    """No vendor has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"No vendor is called {name!r}. Known vendors: {', '.join(VENDORS)}.")


def vendor_named(name: str) -> Vendor:
    """Return the vendor of this name.

    Raises:
        UnknownVendorError: if there is none; the message lists the known ones.
    """
    if name not in VENDORS:
        raise UnknownVendorError(name)
    return VENDORS[name]
