"""The names under which a reported model may have a list price. Pure.

Agents spell models in many ways. A name that is not understood is unknown: it is never priced like
a model that only sounds like it.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

SPELLINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "deepseek-chat-v3": "deepseek-chat",
        "deepseek-v3.2": "deepseek-chat",
        "deepseek-v3.2-reasoner": "deepseek-reasoner",
        "gemini-3-flash": "gemini-3-flash-preview",
        "gemini-3-pro": "gemini-3-pro-preview",
        "gemini-3.1-pro": "gemini-3.1-pro-preview",
        "gpt4o": "gpt-4o",
        "gpt4o-mini": "gpt-4o-mini",
        "gpt5": "gpt-5",
        "opus-4.5": "claude-opus-4-5",
        "opus-4.6": "claude-opus-4-6",
        "sonnet-4.5": "claude-sonnet-4-5",
        "sonnet-4.6": "claude-sonnet-4-6",
        "haiku-4.5": "claude-haiku-4-5",
    }
)
"""Listed names by other spellings in use, in lower case."""

# what follows a name and changes no price: "(high)", "[1m]", ":thinking"
_EFFORT: Final = re.compile(r"\s*(\([^)]*\)|\[[^\]]*\]|:thinking)$")
_BEDROCK: Final = re.compile(r"(?:[a-z]+\.)?[a-z]+\.[a-z].*")


def spellings(model: str, aliases: Mapping[str, str]) -> Iterator[tuple[str | None, str]]:
    """Yield (vendor or None, name) for each way to read the model's name, the likeliest first.

    Args:
        model: as an agent reported it.
        aliases: the operator's names of models, in lower case, and what they are called by their
            vendors, or `vendor/name`.
    """
    name = model.strip().lower()
    name = aliases.get(name, name).lower()
    name = _EFFORT.sub("", name)
    yield from _with_vendor(name)
    plain = re.sub(r"[\s_]+", "-", name.rpartition("/")[2])
    listed = SPELLINGS.get(plain, plain)
    if listed != name:
        yield None, listed


def _with_vendor(name: str) -> Iterator[tuple[str | None, str]]:
    if _BEDROCK.fullmatch(name):
        yield "aws", name
    before, slash, last = name.rpartition("/")
    if slash:
        # of "openrouter/anthropic/claude-opus-4-5", the vendor is the last but one
        yield before.rpartition("/")[2], SPELLINGS.get(last, last)
    else:
        yield None, name
