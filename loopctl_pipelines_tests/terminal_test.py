"""Everything that a command prints goes through `Terminal`, and only text gets out of it."""

import ast
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import RenderableType
from rich.panel import Panel
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

import loopctl_pipelines
from loopctl_pipelines.terminal import Terminal
from loopctl_pipelines_tests.hostile_text import HOSTILE, acts_on_a_terminal

_PACKAGE = Path(loopctl_pipelines.__file__).parent
_OWN_NAMES = {"Console", "print", "render_markup", "basicConfig"}
_OWN_METHODS = {"from_markup", "from_ansi", "echo", "secho", "basicConfig"}
_TENANTS_TEXT = {"slug", "title", "story_title", "tenant_slug"}
# the sample's own names, and the text that is embedded
_NO_MESSAGES = ("demo/sample/", "knowledge/embedding/texts/")


def _in_a_table(text: str) -> Table:
    table = Table(title=text)
    table.add_column(text)
    table.add_row(text)
    table.add_row(Text.assemble(text, (text, "bold")))
    return table


FORMS: tuple[Callable[[str], RenderableType], ...] = (str, Text, _in_a_table, Panel)


def _printed(*renderables: RenderableType) -> str:
    terminal = Terminal()
    terminal.file, terminal.width = io.StringIO(), 200
    terminal.print(*renderables)
    return terminal.file.getvalue()


@pytest.mark.parametrize(("text", "shown"), HOSTILE.items())
def test_a_hostile_text_comes_out_as_text(text: str, shown: str) -> None:
    # line breaks are ours to make
    assert _printed(text) == shown.replace(r"\n", "\n") + "\n"


@given(st.text(st.characters(exclude_categories=())))
def test_whatever_is_printed_has_no_control_character(text: str) -> None:
    for form in FORMS:
        assert not acts_on_a_terminal(_printed(form(text)).replace("\n", ""))


def test_our_own_styles_and_progress_bars_still_act() -> None:
    terminal = Terminal()
    terminal.file = io.StringIO()
    terminal._force_terminal = True  # noqa: SLF001 - as if it were one
    with Progress(console=terminal) as progress:
        progress.add_task("partitions", total=2)
    terminal.print("red", style="red")
    assert "\x1b[" in terminal.file.getvalue()


def test_a_message_of_ours_keeps_its_lines() -> None:
    assert _printed("one\ntwo") == "one\ntwo\n"


def _calls(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in _OWN_NAMES:
                yield node.func.id
            if isinstance(node.func, ast.Attribute) and node.func.attr in _OWN_METHODS:
                yield node.func.attr
            yield from (word.arg for word in node.keywords if word.arg in {"markup", "emoji"})


def _unquoted_names(module: Path) -> Iterator[str]:
    """Yield the tenants' names that an f-string repeats as they are."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.FormattedValue) and node.conversion != ord("r"):
            named = getattr(node.value, "id", getattr(node.value, "attr", ""))
            if named in _TENANTS_TEXT:
                yield f"{named} in line {node.lineno}"


def test_no_message_repeats_a_slug_or_a_title_as_it_is() -> None:
    for module in sorted(_PACKAGE.rglob("*.py")):
        name = str(module.relative_to(_PACKAGE))
        if not name.startswith(_NO_MESSAGES):
            assert list(_unquoted_names(module)) == [], name


def test_nothing_is_printed_but_through_the_terminal() -> None:
    for module in sorted(_PACKAGE.rglob("*.py")):
        name = str(module.relative_to(_PACKAGE))
        if name != "terminal.py":
            assert list(_calls(module)) == [], name
