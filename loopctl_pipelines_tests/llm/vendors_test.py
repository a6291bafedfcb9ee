"""The vendors that this version knows."""

import subprocess
import sys

import pytest

from loopctl_pipelines.llm.anthropic.exceptions import ANTHROPIC
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines.llm.vendors import VENDORS, UnknownVendorError, vendor_named

_IMPORTED = """
import sys
import loopctl_pipelines.llm.anthropic.messages_provider
import loopctl_pipelines.llm.guarded_call
import loopctl_pipelines.llm.openai.embedding_provider
import loopctl_pipelines.llm.vendors
print(sorted({"anthropic", "openai", "httpx2"} & sys.modules.keys()))
"""


def test_a_vendor_is_found_by_its_name() -> None:
    assert vendor_named("anthropic") is ANTHROPIC
    assert vendor_named("openai") is OPENAI


@pytest.mark.parametrize("name", ["", "OpenAI", "open ai"])
def test_an_unknown_name_is_an_error_that_lists_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownVendorError, match=r"Known vendors: anthropic, openai\.$"):
        vendor_named(name)


def test_names_are_lowercase_words() -> None:
    assert all(name == vendor.name == name.lower() for name, vendor in VENDORS.items())
    assert all(name.isidentifier() for name in VENDORS)


def test_no_client_is_imported_before_the_first_request() -> None:
    imported = subprocess.run(
        [sys.executable, "-c", _IMPORTED], capture_output=True, text=True, check=True
    )
    assert imported.stdout == "[]\n"
