"""What cost_anomalies should hold: plain loops, one day after the other. No SQL, nothing shared."""

import math
from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from statistics import median
from uuid import UUID

from loopctl_pipelines.anomaly_rule import AnomalyRule, Baseline
from loopctl_pipelines.demo.sample.rows import ReportRow
from loopctl_pipelines_tests.costs.summaries.oracle import EpicOf, live

AnomalyKey = tuple[UUID, UUID, str]
"""Tenant, story and type."""

EpicDay = tuple[UUID, UUID, date]
"""Tenant, epic and UTC day."""

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Figures:
    """What is stored of a story that deviates on a day."""

    cost: int
    reference: int
    factor: Decimal
    period: date
    epic_id: UUID
    stories: int


@dataclass
class Anomaly:
    """A row of cost_anomalies without its id and timestamps; open while `ended` is None."""

    figures: Figures
    days: set[date]
    archived: bool = False
    ended: str | None = None


@dataclass
class Anomalies:
    """The whole table, brought in line with one comparison after the other.

    Attributes:
        archived_before: the first day whose reports retention has left.
    """

    archived_before: date = date.min
    rows: defaultdict[AnomalyKey, list[Anomaly]] = field(default_factory=lambda: defaultdict(list))

    def open(self) -> dict[AnomalyKey, Anomaly]:
        """Return the open rows, of each key one at most."""
        return {key: row for key, many in self.rows.items() for row in many if not row.ended}

    def compare(
        self,
        reports: Iterable[ReportRow],
        epic_of: EpicOf,
        days: Iterable[date],
        rule: AnomalyRule | None = None,
        unsummarized: Iterable[date] = (),
    ) -> None:
        """Compare all tenants' stories on these days; those without summaries tell nothing.

        Neither do archived ones, nor days whose costs have an archived one in them.
        """
        rule = rule or AnomalyRule()
        since = self.archived_before + rule.later_days * _DAY
        affected = {day + n * _DAY for day in days for n in range(rule.later_days + 1)}
        affected = {day for day in affected if day >= since}
        of_tenant: defaultdict[UUID, list[ReportRow]] = defaultdict(list)
        for report in reports:
            of_tenant[report.tenant_id].append(report)
        for tenant, its_reports in of_tenant.items():
            comparison = Comparison(its_reports, epic_of, rule, set(unsummarized), since)
            own = Anomalies()
            own.rows.update({key: rows for key, rows in self.rows.items() if key[0] == tenant})
            self.rows.update(own.compared(comparison, affected).rows)

    def compared(self, comparison: "Comparison", days: set[date]) -> "Anomalies":
        """Return a tenant's table after a comparison of these days, and those it falls back to."""
        result = deepcopy(self)
        result.compare_once(comparison, days)
        fallen = result.fallen_back_to() - days
        return self.compared(comparison, days | fallen) if fallen else result

    def compare_once(self, comparison: "Comparison", days: set[date]) -> None:
        """Compare these days and no others, to which an anomaly may fall back."""
        self._supersede(comparison, days)
        for day in days:
            self._remove(comparison, day)
        for day in sorted(days):
            self._add(comparison, day)
        for row in self.open().values():
            # it would have a day that tells nothing as its latest, without figures
            while row.days and max(row.days) != row.figures.period and max(row.days) in days:
                row.days.remove(max(row.days))
            if not row.days:
                row.ended = "no_longer_deviates"

    def fallen_back_to(self) -> set[date]:
        """Return the days that open anomalies have as their latest, without its figures."""
        latest = {(max(row.days), row.figures.period) for row in self.open().values()}
        return {day for day, period in latest if day != period}

    def _supersede(self, comparison: "Comparison", days: set[date]) -> None:
        """An archived row that a new day comes to ends before anything else happens to it."""
        for key, row in self.open().items():
            found = {day for day in days if key in comparison.deviating(day)} - self._seen(key)
            if row.archived and found - row.days:
                row.ended = "superseded"

    def _remove(self, comparison: "Comparison", day: date) -> None:
        for key, row in self.open().items():
            if key not in comparison.deviating(day) and comparison.knows(key, day):
                row.days.discard(day)

    def _add(self, comparison: "Comparison", day: date) -> None:
        for key, figures in comparison.deviating(day).items():
            there = self.open().get(key)
            if there is not None and (day in there.days or day not in self._seen(key)):
                there.days.add(day)
                if day == max(there.days):
                    there.figures = figures
            elif there is None and day not in self._seen(key):
                self.rows[key].append(Anomaly(figures, {day}))

    def _seen(self, key: AnomalyKey) -> set[date]:
        done = [row for row in self.rows[key] if row.ended not in (None, "no_longer_deviates")]
        return {day for row in done for day in row.days}


@dataclass
class Comparison:
    """What the reports say on any day."""

    reports: list[ReportRow]
    epic_of: EpicOf
    rule: AnomalyRule
    unsummarized: set[date]
    since: date
    _found: dict[date, dict[AnomalyKey, Figures]] = field(default_factory=dict)
    _of_day: dict[date, list[ReportRow]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        of_day: defaultdict[date, list[ReportRow]] = defaultdict(list)
        for report in live(self.reports):
            of_day[report.inserted_at.date()].append(report)
        self._of_day = dict(of_day)

    def tells(self, day: date) -> bool:
        """Say whether the day has summaries, and all reports that its costs are made of."""
        return day >= self.since and day not in self.unsummarized

    def knows(self, key: AnomalyKey, day: date) -> bool:
        """Say whether the story was compared, or has no report of an epic to compare."""
        return self.tells(day) or key[1] not in {
            report.story_id
            for report in self._of_day.get(day, ())
            if (report.tenant_id, report.story_id) in self.epic_of and report.tenant_id == key[0]
        }

    def deviating(self, day: date) -> dict[AnomalyKey, Figures]:
        """Return what deviates on the day, with its figures."""
        if day not in self._found:
            self._found[day] = dict(self._deviating(day)) if self.tells(day) else {}
        return self._found[day]

    def _deviating(self, day: date) -> Iterable[tuple[AnomalyKey, Figures]]:
        epics: defaultdict[tuple[UUID, UUID], defaultdict[UUID, int]] = defaultdict(
            lambda: defaultdict(int)
        )
        for back in range(self.rule.later_days + 1):
            for report in self._of_day.get(day - back * _DAY, ()):
                if epic := self.epic_of.get((report.tenant_id, report.story_id)):
                    epics[report.tenant_id, epic][report.story_id] += report.cost_millicents
        active = {(report.tenant_id, report.story_id) for report in self._of_day.get(day, ())}
        for (tenant, epic), costs in epics.items():
            for story, cost in costs.items():
                others = [costs[other] for other in costs if other != story]
                reference = self._reference(cost, others)
                kind = self._kind(cost, reference, len(costs))
                if kind and (tenant, story) in active:
                    factor = rounded(cost / reference)
                    figures = Figures(cost, int(reference), factor, day, epic, len(costs))
                    yield (tenant, story, kind), figures

    def _reference(self, cost: int, others: list[int]) -> Fraction:
        if self.rule.baseline is Baseline.EPIC_AVERAGE:
            return Fraction(math.trunc(Fraction(cost + sum(others), 1 + len(others))))
        if not others:
            return Fraction(0)
        if self.rule.baseline is Baseline.PEER_AVERAGE:
            return Fraction(sum(others), len(others))
        return Fraction(median(map(Fraction, others)))

    def _kind(self, cost: int, reference: Fraction, stories: int) -> str | None:
        rule = self.rule
        if reference <= 0 or cost < 0 or stories < rule.minimum_stories:
            return None
        if abs(cost - reference) < rule.floor_millicents:
            return None
        if cost / reference > Fraction(rule.high_factor):
            return "high_cost"
        return "suspiciously_low" if cost / reference < Fraction(rule.low_factor) else None


def found_anew(
    reports: Iterable[ReportRow], epic_of: EpicOf, days: Iterable[date]
) -> dict[AnomalyKey, Anomaly]:
    """Return the open anomalies where there were none before."""
    table = Anomalies()
    table.compare(reports, epic_of, days)
    return table.open()


def rounded(factor: Fraction) -> Decimal:
    """Return a factor of 0 or more, half up to two places."""
    return Decimal(math.floor(factor * 100 + Fraction(1, 2))) / 100
