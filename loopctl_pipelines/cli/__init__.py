"""The command line, one module per command. It reads os.environ, as two other modules do.

No statement and no rule: a command opens the project, calls a domain, prints.
"""

from loopctl_pipelines.cli.app import main

__all__ = ["main"]
