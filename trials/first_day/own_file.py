"""A file of one's own, in an embedded database of its own, as the README shows it."""

from trials.first_day.documentation import commands, named
from trials.first_day.look import look_at_the_ui
from trials.first_day.terminal import Terminal

_EXPORT, _DRY_RUN, _LOAD, _BACKFILL, _DEV = commands("README.md", "Load your own CSV")
_VERSION, _TENANTS, _STATUS, _STOP = (
    named("docs/operating.md", f"loopctl-pipelines {command}")
    for command in ("--version", "tenants list", "status", "db stop")
)


def load_own_file(terminal: Terminal) -> None:
    """Load it, compute its days, look at them, and end everything."""
    terminal.run(_VERSION, shows=r"\d+\.\d+")
    terminal.run("loopctl-pipelines --help", shows="backfill")
    terminal.run(_EXPORT)
    terminal.run(_DRY_RUN, shows="Nothing was loaded")
    terminal.run(_LOAD, shows="(?m)^12 new reports, 1 new tenant, 6 new stories")
    terminal.run(_BACKFILL, shows="landed 30, failed 0")
    terminal.run(_TENANTS, shows="loaded-usage")
    terminal.run(_STATUS)
    with terminal.opened(_DEV) as ui:
        look_at_the_ui(terminal.day, ui, partitions=30)
    terminal.run(_STOP)
