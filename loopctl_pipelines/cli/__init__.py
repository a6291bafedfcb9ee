"""The command line, one module per command. Beside `definitions` the only reader of os.environ.

No statement and no rule: a command opens the project, calls a domain, prints.
"""

from loopctl_pipelines.cli.app import main

__all__ = ["main"]
