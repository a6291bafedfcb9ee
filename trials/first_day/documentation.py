"""The commands that the documentation shows."""

import re
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]
_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_OPTIONAL: Final = re.compile(r" *\[.*\]")


class NotDocumentedError(Exception):
    """A page does not have the section or the command that the day needs."""


def commands(page: str, section: str) -> list[str]:
    """Return the lines of the command blocks of a section, without their comments.

    Args:
        page: the page's path in the repository.
        section: the heading; empty for what is before the first one.
    """
    lines = [
        line.split("  # ")[0].split(" # ")[0].rstrip()
        for language, block in _BLOCK.findall(_section(page, section))
        if not language
        for line in block.splitlines()
    ]
    if not lines:
        raise NotDocumentedError(f"{page}, {section!r}: no command")
    return lines


def named(page: str, command: str) -> str:
    """Return a command that a page names in its text, without what is optional."""
    for code in re.findall(r"`([^`\n]+)`", _text(page)):
        if _OPTIONAL.sub("", code) == command:
            return command
    raise NotDocumentedError(f"{page}: {command!r} is not named")


def _text(page: str) -> str:
    return (REPOSITORY / page).read_text(encoding="utf-8")


def _section(page: str, heading: str) -> str:
    # headings are outside of blocks, and a comment in a block begins with one #
    parts = re.split(r"^##+ (.+)$", _text(page), flags=re.MULTILINE)
    sections = dict(zip(["", *parts[1::2]], parts[::2], strict=True))
    if heading not in sections:
        raise NotDocumentedError(f"{page} has no section {heading!r}")
    return sections[heading]
