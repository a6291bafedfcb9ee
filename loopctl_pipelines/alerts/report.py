"""What is alerted about a run. Pure.

A story's title and a slug are tenants' text; everything else is ours.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run left in Dagster's event log.

    Attributes:
        run_id: Dagster's id of the run.
        job: the run's job.
        is_failed: whether the run failed.
        failed: the number of failed partitions by the tenant's slug.
        red_checks: the number of partitions that a check did not pass, by its name and the slug.
    """

    run_id: str
    job: str
    is_failed: bool = False
    failed: Counter[str] = field(default_factory=Counter)
    red_checks: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def is_quiet(self) -> bool:
        """Whether nobody has to look at the run itself."""
        return not (self.is_failed or self.failed or self.red_checks)


@dataclass(frozen=True, slots=True)
class AnomalyFinding:
    """A new anomaly.

    Attributes:
        slug: the tenant.
        day: its latest UTC day; None if loopctl itself wrote it.
        kind: its anomaly type.
        title: the story's title, as a tenant wrote it.
        cost_millicents: the story's cost, in 1/1000 cent.
        factor: cost / baseline; for `budget_exceeded`, cost / budget.
    """

    slug: str
    day: date | None
    kind: str
    title: str
    cost_millicents: int
    factor: Decimal


@dataclass(frozen=True, slots=True)
class BudgetFinding:
    """A budget that is nearly used up, or is.

    Attributes:
        slug: the tenant.
        threshold: `warning` or `exceeded`.
        scope: project, epic or story.
        title: its name, as a tenant wrote it; of an epic its id.
        percent: how much is used.
    """

    slug: str
    threshold: str
    scope: str
    title: str
    percent: str


@dataclass(frozen=True, slots=True)
class Findings:
    """The new anomalies and the budgets of a message.

    Attributes:
        anomalies: the number of anomalies by type.
        tenants: the number of tenants that have anomalies.
        shown_anomalies: the first of them.
        budgets: the number of budgets by threshold.
        shown_budgets: the first of them.
    """

    anomalies: Counter[str] = field(default_factory=Counter)
    tenants: int = 0
    shown_anomalies: tuple[AnomalyFinding, ...] = ()
    budgets: Counter[str] = field(default_factory=Counter)
    shown_budgets: tuple[BudgetFinding, ...] = ()
