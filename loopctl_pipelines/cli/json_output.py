"""What `--json` prints: one document, alone on stdout."""

import json
from typing import Annotated

import typer

from loopctl_pipelines.terminal import Terminal

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
"""The option of every command that shows rows."""


def print_json(shown: object) -> None:
    """Print a document; ids, days, times and exact numbers in it are text."""
    Terminal().print(json.dumps(shown, indent=2, default=str), soft_wrap=True)
