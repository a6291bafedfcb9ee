"""The text of a message: the same for every target, and short enough for most of them. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from loopctl_pipelines.alerts.plain_text import plain_text
from loopctl_pipelines.alerts.report import (
    AnomalyFinding,
    BudgetFinding,
    Findings,
    RunReport,
)
from loopctl_pipelines.costs.display.money import dollars
from loopctl_pipelines.terminal_text import counted

MOST_CHARACTERS: Final = 1_900
"""Of the text. Discord takes 2,000; a target that takes less gets the beginning."""

_SHOWN_TENANTS: Final = 8
_SHOWN_CHECKS: Final = 6
_SHOWN_RUNS: Final = 3
SHOWN_ANOMALIES: Final = 6
"""New anomalies that a message describes; the others are counted."""

SHOWN_BUDGETS: Final = 4
"""Budgets that a message describes; the others are counted."""

_SLUG: Final = 40
_TITLE: Final = 80
_NAMES: Final = {"high_cost": "high cost", "suspiciously_low": "suspiciously low"}


@dataclass(frozen=True, slots=True)
class Message:
    """A message: a title of one line, and a text of several."""

    title: str
    text: str


def message_id_of(run_id: str) -> UUID:
    """Return the id of the message about a run; it is the same at every attempt."""
    return uuid5(NAMESPACE_URL, f"loopctl-pipelines/alerts/{run_id}")


def compose(
    message_id: UUID, reports: Sequence[RunReport], findings: Findings, ui_url: str
) -> Message:
    """Return the message about one run, or about several where too many were to be sent.

    Args:
        message_id: its id, for a person who gets it twice.
        reports: the runs, at least one.
        findings: their new anomalies.
        ui_url: the address of the Dagster UI.
    """
    failed: Counter[str] = Counter()
    checks: Counter[tuple[str, str]] = Counter()
    for report in reports:
        failed.update(report.failed)
        checks.update(report.red_checks)
    ui_url = ui_url.rstrip("/")
    lines = [
        _heading(reports),
        *(f"{ui_url}/runs/{report.run_id}" for report in reports[:_SHOWN_RUNS]),
        *([f"{ui_url}/runs"] if len(reports) > _SHOWN_RUNS else []),
        *_failed_tenants(failed),
        *_red_checks(checks),
        *_budgets(findings),
        *_new_anomalies(findings, ui_url),
    ]
    end = f"Message {message_id}"
    return Message(_title(reports, failed, checks, findings), _fitted(lines, end))


def _fitted(lines: Sequence[str], end: str) -> str:
    """Return the lines that fit, and the end."""
    kept: list[str] = []
    room = MOST_CHARACTERS - len(end) - len("\n(shortened)")
    for line in lines:
        if (room := room - len(line) - 1) < 0:
            kept.append("(shortened)")
            break
        kept.append(line)
    return "\n".join((*kept, end))


def _title(
    reports: Sequence[RunReport],
    failed: Mapping[str, int],
    checks: Mapping[tuple[str, str], int],
    findings: Findings,
) -> str:
    runs = sum(report.is_failed for report in reports)
    parts = [
        _number(len(failed), "failed tenant") if failed else _number(runs, "failed run"),
        _number(len({name for name, _ in checks}), "red check"),
        _number(findings.budgets["exceeded"], "exceeded budget"),
        _number(findings.budgets["warning"], "budget warning"),
        _number(findings.anomalies.total(), "new anomaly"),
    ]
    # somebody may have deleted the anomalies meanwhile
    return f"loopctl: {', '.join(part for part in parts if part) or 'what was found is gone'}"


def _heading(reports: Sequence[RunReport]) -> str:
    if len(reports) == 1:
        [report] = reports
        how = "failed" if report.is_failed else "ended"
        return f"Run {report.run_id[:8]} of {plain_text(report.job, _TITLE)} {how}."
    jobs = Counter(report.job for report in reports)
    which = ", ".join(
        f"{count} of {plain_text(job, _TITLE)}" for job, count in jobs.most_common(_SHOWN_RUNS)
    )
    ended_badly = sum(report.is_failed for report in reports)
    return f"{len(reports)} runs ({which}), of which {ended_badly} failed."


def _failed_tenants(failed: Counter[str]) -> Iterable[str]:
    if failed:
        named = [
            f"{plain_text(slug, _SLUG)} ({_number(count, 'partition')})"
            for slug, count in _largest(failed)[:_SHOWN_TENANTS]
        ]
        yield f"Failed tenants: {_listed(named, len(failed))}"


def _red_checks(checks: Counter[tuple[str, str]]) -> Iterable[str]:
    for name in sorted({name for name, _ in checks})[:_SHOWN_CHECKS]:
        tenants = Counter({slug: n for (check, slug), n in checks.items() if check == name})
        named = [plain_text(slug, _SLUG) for slug, _ in _largest(tenants)[:_SHOWN_TENANTS]]
        where = f" of {_listed(named, len(tenants))}" if any(named) else ""
        yield f"Red check {name}: {_number(tenants.total(), 'partition')}{where}"


def _budgets(findings: Findings) -> Iterable[str]:
    yield from (_described_budget(each) for each in findings.shown_budgets)
    yield from _more(findings.budgets.total() - len(findings.shown_budgets), "budget")


def _described_budget(budget: BudgetFinding) -> str:
    how = "is exceeded" if budget.threshold == "exceeded" else "is nearly used up"
    tenant, owner = plain_text(budget.slug, _SLUG), plain_text(budget.title, _TITLE)
    scope, percent = plain_text(budget.scope, _SLUG), plain_text(budget.percent, _SLUG)
    return f"Budget of {tenant}, {scope} {owner}: {how}, {percent} %"


def _new_anomalies(findings: Findings, ui_url: str) -> Iterable[str]:
    total = findings.anomalies.total()
    if not total:
        return
    kinds = ", ".join(f"{count} {_kind(kind)}" for kind, count in _largest(findings.anomalies))
    yield f"{_number(total, 'new anomaly')} ({kinds}) of {_number(findings.tenants, 'tenant')}:"
    yield f"{ui_url}/assets/cost_anomalies"
    yield from (_described_anomaly(each) for each in findings.shown_anomalies)
    yield from _more(total - len(findings.shown_anomalies), "anomaly")


def _described_anomaly(anomaly: AnomalyFinding) -> str:
    day = f" {anomaly.day}" if anomaly.day else ""
    story, tenant = plain_text(anomaly.title, _TITLE), plain_text(anomaly.slug, _SLUG)
    cost = f"${dollars(anomaly.cost_millicents):,.2f}, {anomaly.factor} times"
    return f"- {tenant}{day}, {_kind(anomaly.kind)}, {cost}: {story}"


def _more(count: int, noun: str) -> Iterable[str]:
    if count > 0:
        yield f"and {_number(count, f'more {noun}')}"


def _kind(kind: str) -> str:
    return _NAMES.get(kind, kind.replace("_", " "))


def _largest(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _listed(named: Sequence[str], total: int) -> str:
    more = total - len(named)
    return ", ".join(named) + (f" and {more:,} more" if more else "")


def _number(count: int, noun: str) -> str:
    """Return `3 tenants`, `1 anomaly`; an empty text for none."""
    return counted(count, noun) if count else ""
