"""An existing database, two logins, every kind of export, alerts, and the costs as a file."""

import csv
from collections import Counter
from pathlib import Path

from loopctl_pipelines_tests.alerts.http_target import HttpTarget
from loopctl_pipelines_tests.database.password_server import as_superuser
from trials.first_day.documentation import commands, named, sql
from trials.first_day.look import look_at_the_ui
from trials.first_day.terminal import Terminal

_OPERATING = "docs/operating.md"
_PERMISSIONS = "docs/database-permissions.md"
_URL = "postgresql://..."
_REPORTED = "SELECT sum(cost_millicents)::bigint FROM token_usage_reports"


def attach(port: int, owner: Terminal, operator: Terminal) -> None:
    """Upgrade as the owner of the database, check as the operator."""
    address = f"127.0.0.1:{port}/loopctl"
    before, after, dagster = sql(_PERMISSIONS)
    as_superuser(port, "CREATE ROLE loopctl_owner LOGIN PASSWORD 'o'", "postgres")
    as_superuser(port, "CREATE DATABASE loopctl OWNER loopctl_owner", "postgres")
    as_superuser(port, before)
    export, upgrade, check, _ = commands("README.md", "Attach to a loopctl database")
    owner.run(export, {_URL: f"postgresql://loopctl_owner:o@{address}"})
    owner.run(upgrade)
    as_superuser(port, after)
    as_superuser(port, dagster)
    # the page's password is ...
    operator.run(export, {_URL: f"postgresql://loopctl_operator:...@{address}"})
    operator.run(check)


def load_exports(owner: Terminal) -> None:
    """Load a sample of each kind, twice: the second time adds nothing."""
    [dry_run] = commands("docs/loading.md", "")
    owner.run(dry_run, shows="counted as input(.|\n)*Nothing was loaded")
    lines = commands("docs/loading.md", "Examples")
    for line in lines:
        owner.run(line, shows=r"[1-9]\d* new report")
    owner.run(lines[0], shows="(?m)^0 new reports")
    owner.run("loopctl-pipelines load two_costs.csv", code=1, shows="both called 'cost'")


def compute_with_alerts(operator: Terminal, port: int, target: HttpTarget) -> None:
    """Compute April of both tenants; anomalies are found, and people get an alert."""
    urls, ui, test = commands("docs/alerts.md", "")
    operator.run(urls, {"slack://... mailto://...": target.url()})
    operator.run(ui)
    operator.run(test)
    operator.day.compare("test messages", len(target.received), 1)
    operator.run(named("docs/alerts.md", "loopctl-pipelines alerts send"))
    backfill = "loopctl-pipelines backfill --from 2026-04-01 --to 2026-04-30"
    operator.run(named("docs/troubleshooting.md", backfill), shows="landed 60, failed 0")
    operator.run(named("docs/alerts.md", "loopctl-pipelines alerts send"))
    [(anomalies,)] = as_superuser(port, "SELECT count(*) FROM cost_anomalies")
    titles = [each["title"] for each in target.received[1:]]
    operator.day.compare("alerts", titles, [f"loopctl: {anomalies} new anomalies"])
    operator.run(named("docs/alerts.md", "loopctl-pipelines alerts list"))


def look(operator: Terminal) -> None:
    """Look at the results on the command line and in the UI."""
    operator.run("loopctl-pipelines --help", shows="backfill")
    operator.run(named("docs/troubleshooting.md", "loopctl-pipelines check"))
    operator.run(named(_OPERATING, "loopctl-pipelines status"))
    operator.run(named(_OPERATING, "loopctl-pipelines tenants list"), shows="acme")
    operator.run(named(_OPERATING, "loopctl-pipelines anomalies"), shows="106")
    *_, dev = commands("README.md", "Attach to a loopctl database")
    with operator.opened(dev) as ui:
        look_at_the_ui(operator.day, ui, partitions=60)


def export_and_load_again(operator: Terminal, other: Terminal, port: int) -> None:
    """Export the month, load it into another database, and compare the totals."""
    for line in commands("docs/exporting.md", ""):
        operator.run(line)
    [load] = commands("docs/exporting.md", "Load it elsewhere")
    first = _totals(operator.folder / "april.csv")
    loaded = as_superuser(port, _REPORTED)
    exported = sum(first[key] for key in first if key[-1] == "cost_millicents")
    operator.day.compare("exported and loaded cost", [(exported,)], loaded)
    other.run("export LOOPCTL_HOME=~/elsewhere")
    other.run(load)
    other.run("loopctl-pipelines backfill --from 2026-04-01 --to 2026-04-30")
    april, *_ = commands("docs/exporting.md", "")
    other.run(april, {"april.csv": "again.csv"})
    again = _totals(operator.folder / "again.csv")
    operator.day.compare("totals elsewhere", again, first)
    other.run(named(_OPERATING, "loopctl-pipelines db stop"))


def _totals(path: Path) -> Counter[tuple[str, ...]]:
    """Return what was exported, by tenant, day and model: millicents, input and output tokens."""
    totals: Counter[tuple[str, ...]] = Counter()
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for column in ("cost_millicents", "input_tokens", "output_tokens"):
                totals[row["tenant"], row["day_utc"], row["model"], column] += int(row[column])
    return totals
