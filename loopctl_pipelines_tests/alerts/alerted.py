"""A project whose alerts go to a target of the test, and what a test does with it."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from psycopg.rows import dict_row

from loopctl_pipelines.alerts.evaluation import Evaluated, evaluate
from loopctl_pipelines.alerts.targets import Targets
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.dagster_project import DagsterProject
from loopctl_pipelines_tests.usage import Usage

TODAY = datetime.now(UTC).date()
FIRST = TODAY - timedelta(days=30)
LAST = TODAY - timedelta(days=1)
SETTINGS = Settings(start_date=StartDate(FIRST))
UI = "https://dagster.example"
RUNAWAY = 9_000_000
"""Millicents of a story that costs 90 dollars, where its siblings cost 2.50."""


@dataclass(frozen=True)
class Alerts:
    """The project, and the targets of its alerts."""

    project: DagsterProject
    targets: Targets

    def evaluate(self) -> Evaluated:
        """Evaluate once, as the sensor does."""
        done = evaluate(self.project.database, self.project.instance, self.targets)
        assert done is not None
        return done

    def run(self, day: date = LAST, slugs: tuple[str, str] = ("a", "a")) -> str:
        """Run the costs of a day, and return the run's id."""
        return self.project.run((day, day), slugs).run_id

    def messages(self) -> list[dict[str, Any]]:
        """Return the rows of the messages, the oldest first."""
        return self._rows("SELECT * FROM loopctl_pipelines.alert_messages ORDER BY created_at")

    def change(self, query: str) -> None:
        """Change what is stored about alerts, such as the time of the next attempt."""
        with self.project.database.operator_transaction() as connection:
            connection.execute(query.encode())

    def make_due(self) -> None:
        """Have every message that waits be due, as time does."""
        self.change("UPDATE loopctl_pipelines.alert_messages SET next_attempt_at = now()")

    def _rows(self, query: str) -> list[dict[str, Any]]:
        with self.project.database.operator_transaction() as connection:
            return connection.cursor(row_factory=dict_row).execute(query.encode()).fetchall()


def without_targets(alerts: Alerts) -> Alerts:
    """Return the same without a target: messages are made, and count as sent."""
    return replace(alerts, targets=Targets((), UI))


def runaway(
    usage: Usage, slug: str = "a", day: date = LAST, title: str = "s0", cost: int = RUNAWAY
) -> None:
    """Have one story of five cost 90 dollars, and the others 2.50."""
    for number in range(5):
        name = title if number == 0 else f"s{number}"
        usage.report(slug, day, cost if number == 0 else 250_000, story=name)
