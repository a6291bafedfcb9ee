"""`loopctl-pipelines alerts`."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Final

import typer
from rich.table import Table

from loopctl_pipelines.alerts.message import Message
from loopctl_pipelines.alerts.operator_queries import StoredMessage, list_messages
from loopctl_pipelines.alerts.sending import DEADLINE_SECONDS, send
from loopctl_pipelines.alerts.table_use import ALERT_TABLES
from loopctl_pipelines.alerts.targets import Targets, check_urls
from loopctl_pipelines.cli.json_output import AsJson, print_json
from loopctl_pipelines.cli.project import Project, open_project
from loopctl_pipelines.costs.display.tables import STYLE
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.terminal import Terminal
from loopctl_pipelines.terminal_text import visible

alerts = typer.Typer(no_args_is_help=True, help="Alerts about runs, sent through Apprise.")

_SHOWN: Final = 20
_TEST: Final = Message(
    "loopctl: a test",
    "This is a test of loopctl-pipelines: alerts arrive here. Nothing has happened.",
)


@alerts.command("test")
def alerts_test(*, as_json: AsJson = False) -> None:
    """Send a test message to each target, and show which of them accept it."""
    with open_project() as project:
        targets = _targets(project)
    urls = dict(zip(targets.places, targets.urls, strict=True))
    accepted = set(send(_TEST, urls))
    if as_json:
        named = ((targets.name(place), place in accepted) for place in targets.places)
        print_json([{"target": name, "accepted": taken} for name, taken in named])
    terminal = Terminal(stderr=as_json)
    for place in targets.places:
        answer = "accepted" if place in accepted else "not accepted"
        style = None if place in accepted else "red"
        terminal.print(f"Target {targets.name(place)}: {answer}.", style=style)
    if len(accepted) < len(urls):
        terminal.print(
            f"A target accepts a message if it answers so within {DEADLINE_SECONDS:.0f} seconds "
            "and without a redirect. Check the URL's parts, the address and the network."
        )
        raise typer.Exit(1)


@alerts.command("send")
def alerts_send(*, as_json: AsJson = False) -> None:
    """Examine the runs that have ended, and send what is due: what `alerts_sensor` does."""
    # imports Dagster, which takes seconds
    from loopctl_pipelines.alerts.evaluation import evaluate  # noqa: PLC0415

    with open_project() as project:
        targets = _targets(project)
        with project.instance() as instance:
            done = evaluate(project.database, instance, targets)
    if as_json:
        print_json(asdict(done) if done else None)
    said = Terminal(stderr=as_json)
    said.print(done.describe() if done else "Another process is sending alerts.")


@alerts.command("list")
def alerts_list(*, as_json: AsJson = False) -> None:
    """Show the latest messages: which run they are about, and whether the targets have them."""
    with open_project() as project:
        check_database(project.database, ALERT_TABLES)
        found = list_messages(project.database, _SHOWN)
    if as_json:
        print_json([asdict(message) for message in found])
    elif found:
        Terminal().print(_table(found))
    else:
        Terminal().print("No alerts.")


def _targets(project: Project) -> Targets:
    """Return the targets.

    Raises:
        SettingsError: if there is none, or one that Apprise does not understand.
    """
    targets = Targets(project.settings.alert_urls, project.settings.ui_url)
    targets.require()
    check_urls(targets.urls)
    return targets


def _table(messages: Iterable[StoredMessage]) -> Table:
    table = Table(title="The latest alerts", **STYLE)
    for name in ("made (UTC)", "run", "state", "tried", "targets"):
        table.add_column(name, no_wrap=True)
    for message in messages:
        table.add_row(
            f"{message.created_at:%Y-%m-%d %H:%M:%S}",
            visible(message.run_id[:8]),
            message.state,
            str(message.attempts),
            str(message.accepted),
        )
    return table
