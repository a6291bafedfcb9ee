"""The command line, a module a command. Beside `definitions.py` it alone reads the environment."""

from loopctl_pipelines.cli.app import main

__all__ = ["main"]
