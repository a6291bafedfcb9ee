"""An existing database, two logins, every kind of export, alerts, and the costs as a file."""

import csv
from collections import Counter
from pathlib import Path

from loopctl_pipelines_tests.alerts.http_target import HttpTarget
from loopctl_pipelines_tests.database.password_server import as_superuser
from loopctl_pipelines_tests.database.permissions_page import page_sql
from trials.first_day.documentation import commands, named
from trials.first_day.look import look_at_the_ui
from trials.first_day.terminal import Terminal

_EXPORT_URL, _UPGRADE, _CHECK, _DEV = commands("README.md", "Attach to a loopctl database")
_SQL = page_sql()
[_DRY_RUN] = commands("docs/loading.md", "")
_LOADS = commands("docs/loading.md", "Examples")
_ALERT_URLS, _UI_URL, _TEST = commands("docs/alerts.md", "")
_SEND, _ALERTS = (
    named("docs/alerts.md", f"loopctl-pipelines alerts {command}") for command in ("send", "list")
)
_BACKFILL = named(
    "docs/troubleshooting.md", "loopctl-pipelines backfill --from 2026-04-01 --to 2026-04-30"
)
_STATUS, _TENANTS, _ANOMALIES, _STOP = (
    named("docs/operating.md", f"loopctl-pipelines {command}")
    for command in ("status", "tenants list", "anomalies", "db stop")
)
_EXPORT, *_EXPORTS = commands("docs/exporting.md", "")
[_LOAD_AGAIN] = commands("docs/exporting.md", "Load it elsewhere")
_URL = "postgresql://..."
_REPORTED = "SELECT sum(cost_millicents)::bigint FROM token_usage_reports"


def attach(port: int, owner: Terminal, operator: Terminal) -> None:
    """Upgrade as the owner of the database, check as the operator."""
    address = f"127.0.0.1:{port}/loopctl"
    as_superuser(port, "CREATE ROLE loopctl_owner LOGIN PASSWORD 'o'", "postgres")
    as_superuser(port, "CREATE DATABASE loopctl OWNER loopctl_owner", "postgres")
    as_superuser(port, _SQL.roles)
    as_superuser(port, _SQL.extension)
    owner.run(_EXPORT_URL, {_URL: f"postgresql://loopctl_owner:o@{address}"})
    owner.run(_UPGRADE)
    as_superuser(port, _SQL.rights)
    as_superuser(port, _SQL.rights_on_articles)
    as_superuser(port, _SQL.dagster)
    # the page's password is ...
    operator.run(_EXPORT_URL, {_URL: f"postgresql://loopctl_operator:...@{address}"})
    operator.run(_CHECK)


def load_exports(owner: Terminal) -> None:
    """Load a sample of each kind, twice: the second time adds nothing."""
    owner.run(_DRY_RUN, shows="counted as input(.|\n)*Nothing was loaded")
    for line in _LOADS:
        owner.run(line, shows=r"[1-9]\d* new report")
    owner.run(_LOADS[0], shows="(?m)^0 new reports")
    owner.run("loopctl-pipelines load two_costs.csv", code=1, shows="both called 'cost'")


def compute_with_alerts(operator: Terminal, port: int, target: HttpTarget) -> None:
    """Compute April of both tenants; anomalies are found, and people get an alert."""
    operator.run(_ALERT_URLS, {"slack://... mailto://...": target.url()})
    operator.run(_UI_URL)
    operator.run(_TEST)
    operator.day.compare("test messages", len(target.received), 1)
    operator.run(_SEND)
    operator.run(_BACKFILL, shows="landed 60, failed 0")
    operator.run(_SEND)
    [(anomalies,)] = as_superuser(port, "SELECT count(*) FROM cost_anomalies")
    titles = [each["title"] for each in target.received[1:]]
    operator.day.compare("alerts", titles, [f"loopctl: {anomalies} new anomalies"])
    operator.run(_ALERTS)


def look(operator: Terminal) -> None:
    """Look at the results on the command line and in the UI."""
    operator.run("loopctl-pipelines --help", shows="backfill")
    operator.run(_CHECK)
    operator.run(_STATUS)
    operator.run(_TENANTS, shows="acme")
    operator.run(_ANOMALIES, shows="106")
    with operator.opened(_DEV) as ui:
        look_at_the_ui(operator.day, ui, partitions=60)


def export_and_load_again(operator: Terminal, other: Terminal, port: int) -> None:
    """Export the month, load it into another database, and compare the totals."""
    for line in (_EXPORT, *_EXPORTS):
        operator.run(line)
    first = _totals(operator.folder / "april.csv")
    loaded = as_superuser(port, _REPORTED)
    exported = sum(first[key] for key in first if key[-1] == "cost_millicents")
    operator.day.compare("exported and loaded cost", [(exported,)], loaded)
    other.run("export LOOPCTL_HOME=~/elsewhere")
    other.run(_LOAD_AGAIN)
    other.run(_BACKFILL)
    other.run(_EXPORT, {"april.csv": "again.csv"})
    again = _totals(operator.folder / "again.csv")
    operator.day.compare("totals elsewhere", again, first)
    other.run(_STOP)


def _totals(path: Path) -> Counter[tuple[str, ...]]:
    """Return what was exported, by tenant, day and model: millicents, input and output tokens."""
    totals: Counter[tuple[str, ...]] = Counter()
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for column in ("cost_millicents", "input_tokens", "output_tokens"):
                totals[row["tenant"], row["day_utc"], row["model"], column] += int(row[column])
    return totals
