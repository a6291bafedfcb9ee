"""The commands in the documentation exist, with their subcommands and options."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from loopctl_pipelines.cli.app import COMMANDS

_REPOSITORY = Path(__file__).parents[1]
_PAGES = [_REPOSITORY / "README.md", *sorted((_REPOSITORY / "docs").glob("*.md"))]
_COMMAND = re.compile(r"(?<![\w-])loopctl-pipelines ((?:\\\||[^`\n|#>;&)])+)")
_WORD = re.compile(r"(?<![\w-])--?[a-z][\w-]*|\w[\w./-]*")
_OF_ALL = {"--version", "--traceback", "--install-completion", "--show-completion", "--help"}


def _documented() -> Iterator[tuple[str, list[str]]]:
    """Yield each documented command line with its words."""
    for page in _PAGES:
        for line in _COMMAND.findall(page.read_text(encoding="utf-8")):
            yield f"{page.name}: loopctl-pipelines {line.strip()}", _WORD.findall(line)


def _command(name: str) -> Any:  # noqa: ANN401 - typer's own
    module, attribute, _ = COMMANDS[name]
    found = getattr(import_module(f"loopctl_pipelines.cli.{module}"), attribute)
    if not isinstance(found, typer.Typer):
        app = typer.Typer()
        app.command(name)(found)
        return get_command(app)
    return get_command(found)


def _wrong(words: list[str]) -> list[str]:
    """Return the words of a command line that the command does not take."""
    asked = [word for word in words if word.startswith("--") and word not in _OF_ALL]
    first = next((word for word in words if word not in _OF_ALL), None)
    if first is None:
        return asked
    if first not in COMMANDS:
        return [first]
    command = _command(first)
    taken = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    subcommands = getattr(command, "commands", {})
    if subcommands:
        given = [word for word in words[1:] if word in subcommands]
        # such as `alerts test|send|list`, or the group by itself
        if not given and not getattr(command, "invoke_without_command", False) and words[1:]:
            return words[1:]
        for each in given:
            params = subcommands[each].params
            taken |= {option for param in params for option in (*param.opts, *param.secondary_opts)}
    return [word for word in asked if word not in taken]


def test_each_command_in_the_documentation_exists_with_its_options() -> None:
    documented = list(_documented())
    assert len(documented) > 60
    assert {line: wrong for line, words in documented if (wrong := _wrong(words))} == {}


@pytest.mark.parametrize("wrong", ["lode FILE", "load FILE --colum a=b", "db upgrad", "db --now"])
def test_a_command_or_an_option_that_does_not_exist_is_found(wrong: str) -> None:
    assert _wrong(wrong.split()) != []


def test_the_documentation_has_every_command_of_the_first_day() -> None:
    for module in ("own_file", "attached"):
        # it looks for them when it is imported
        import_module(f"trials.first_day.{module}")
