"""The terminal of a command. Of what others wrote, only text gets out.

It must not move the cursor, set the clipboard, turn the direction of writing or pose as a style.
"""

import logging
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from loopctl_pipelines.json_log import json_formatter
from loopctl_pipelines.terminal_text import visible_lines


class Terminal(Console):
    """A console without markup. A style is an argument, or one of a `Text`.

    Line feeds are kept, because messages have several lines: a name goes through `visible` first.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401 - rich's own
        """Return what rich lays out for a string. Escapes have their width in a table."""
        return super().render_str(visible_lines(text), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield what is written: rich's own control sequences, and text that is visible."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(visible_lines(segment.text), segment.style)


class VisibleText(logging.Formatter):
    """Whatever a library logs of a request, it is text when somebody reads it in a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's lines."""
        return visible_lines(super().format(record))


def log_to_stderr(level: int, log_format: str) -> None:
    """Have this process log to stderr from this level on, as `text` or `json`."""
    to_stderr = logging.StreamHandler()
    to_stderr.setFormatter(
        json_formatter()
        if log_format == "json"
        else VisibleText("%(asctime)s %(levelname)s %(name)s %(message)s")
    )
    logging.basicConfig(level=level, handlers=[to_stderr], force=True)
