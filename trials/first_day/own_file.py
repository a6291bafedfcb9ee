"""A file of one's own, in an embedded database of its own, as the README shows it."""

from trials.first_day.documentation import commands, named
from trials.first_day.look import look_at_the_ui
from trials.first_day.terminal import Terminal

_OPERATING = "docs/operating.md"


def load_own_file(terminal: Terminal) -> None:
    """Load it, compute its days, look at them, and end everything."""
    terminal.run(named(_OPERATING, "loopctl-pipelines --version"), shows=r"\d+\.\d+")
    terminal.run("loopctl-pipelines --help", shows="backfill")
    export, dry_run, load, backfill, dev = commands("README.md", "Load your own CSV")
    terminal.run(export)
    terminal.run(dry_run, shows="Nothing was loaded")
    terminal.run(load, shows="(?m)^12 new reports, 1 new tenant, 6 new stories")
    terminal.run(backfill, shows="landed 30, failed 0")
    terminal.run(named(_OPERATING, "loopctl-pipelines tenants list"), shows="loaded-usage")
    terminal.run(named(_OPERATING, "loopctl-pipelines status"))
    with terminal.opened(dev) as ui:
        look_at_the_ui(terminal.day, ui, partitions=30)
    terminal.run(named(_OPERATING, "loopctl-pipelines db stop"))
