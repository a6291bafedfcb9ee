"""`loopctl-pipelines check`."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

import typer

from loopctl_pipelines.cli.json_output import AsJson, print_json
from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.errors import PipelinesError, SettingsError
from loopctl_pipelines.installation.requirement import Requirement, RequirementState
from loopctl_pipelines.installation.requirements import requirements
from loopctl_pipelines.terminal import Terminal
from loopctl_pipelines.terminal_text import visible

_STYLES: Final = {RequirementState.WARNING: "yellow", RequirementState.FAILED: "red"}


def check(*, as_json: AsJson = False) -> None:
    """Test what commands need: database, rights, keys, providers, alerts. Change nothing.

    Each failed line has the SQL or the command that mends it. Exit code 1 if one failed.
    """
    terminal = Terminal()
    found = []
    for each in _requirements():
        found.append(each)
        if not as_json:
            line = f"{each.state.value:<12} {each.name:<26} {visible(each.detail)}"
            terminal.print(line, style=_STYLES.get(each.state), soft_wrap=True)
    counts = Counter(each.state for each in found)
    if as_json:
        print_json([asdict(each) for each in found])
    else:
        terminal.print(", ".join(f"{counts[s]} {s.value}" for s in RequirementState if counts[s]))
    if counts[RequirementState.FAILED]:
        raise typer.Exit(1)


def _requirements() -> Iterator[Requirement]:
    """Yield the requirements; without usable settings or server there is one."""
    try:
        with open_project() as project:
            yield from requirements(project.settings, project.locations, project.database)
    except SettingsError as error:
        yield Requirement("settings", RequirementState.FAILED, str(error))
    except PipelinesError as error:
        yield Requirement("server", RequirementState.FAILED, str(error))
