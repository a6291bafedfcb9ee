"""The whole table of anomalies equals a plain loop, whatever happens in whatever order."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from loopctl_pipelines.anomaly_rule import AnomalyRule, Baseline
from loopctl_pipelines.costs.anomalies.detection import DayCompared
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.anomalies.anomaly_oracle import Anomalies
from loopctl_pipelines_tests.costs.edited_usage import Edit, apply, edit, start_anew, units
from loopctl_pipelines_tests.costs.generated_usage import (
    EPICS,
    FIRST,
    LAST,
    SLUGS,
    STORIES,
    Drawn,
    usage_of,
)
from loopctl_pipelines_tests.costs.runs import all_anomalies, detect_all, roll_up_all, unit
from loopctl_pipelines_tests.costs.summaries.oracle_test import in_one_database
from loopctl_pipelines_tests.usage import Usage, at, id_of

# so many, because a row has to be archived and come upon again
often = settings(in_one_database, max_examples=100)

_NEVER_SUMMARIZED = {FIRST - timedelta(days=1), *(LAST + timedelta(days=n) for n in (1, 2, 3))}
_factors = st.sampled_from(("1.000001", "1.5", "2", "3.0", "3.5")).map(Decimal)
rules = st.builds(
    AnomalyRule,
    baseline=st.sampled_from(Baseline),
    high_factor=_factors,
    low_factor=st.sampled_from(("0", "0.1", "0.5", "0.999999")).map(Decimal),
    minimum_stories=st.integers(1, 4),
    floor_millicents=st.sampled_from((0, 1, 50)),
    days=st.integers(1, 3),
)

# few places, so that stories meet peers; all over the days, their neighbours and two tenants
_costs = st.sampled_from((0, 1, 7, 100, 100, 100, 101, 5000, 2**40, -3))
reports_of_peers = st.lists(
    st.builds(
        Drawn,
        slug=st.sampled_from(SLUGS[:2]),
        epic=st.sampled_from(EPICS),
        story=st.sampled_from(STORIES),
        agent=st.just("x"),
        project=st.just("p"),
        model=st.just("m"),
        phase=st.just("other"),
        moment=st.integers(-1, 3).map(lambda n: at(FIRST + timedelta(days=n))),
        cost=_costs,
        tokens=st.just((1, 1)),
        deleted=st.just(value=False),
        corrects=st.none() | st.integers(0, 60),
        foreign=st.just(value=False),
    ),
    min_size=15,
    max_size=60,
)


@dataclass(frozen=True)
class Compare:
    """Detection over a range of days, some of which have lost their summaries before."""

    first: int
    last: int
    unsummarized: frozenset[int]


@dataclass(frozen=True)
class Handle:
    """A person resolves, or the archival archives, one of the open anomalies."""

    which: int
    archive: bool


@dataclass(frozen=True)
class Archive:
    """Retention archives the days before this one; it never gives a day back."""

    before: int


_compares = st.builds(
    Compare,
    st.integers(0, 2),
    st.integers(0, 2),
    st.frozensets(st.integers(0, 2), max_size=1) | st.just(frozenset()),
)
_handles = st.builds(Handle, st.integers(0, 30), st.booleans())
_archives = st.builds(Archive, st.integers(0, 2))
steps = st.lists(edit | _compares | _compares | _handles | _archives, min_size=3, max_size=15)
Step = Edit | Compare | Handle | Archive


@often
@given(reports=reports_of_peers, rule=rules, todo=steps)
def test_the_anomalies_are_what_a_loop_over_the_reports_gives_after_anything_that_happens(
    database: Database, reports: list[Drawn], rule: AnomalyRule, todo: list[Step]
) -> None:
    usage = usage_of(reports)
    start_anew(database, usage)
    expected, before, done = Anomalies(), _audited(database), list[DayCompared]()
    for step in (Compare(0, 0, frozenset()), *todo, Compare(0, 2, frozenset())):
        if isinstance(step, Edit):
            apply(database, usage, [step])
        elif isinstance(step, Handle):
            _handle(database, expected, step)
        elif isinstance(step, Archive):
            _archive(database, expected, step)
        else:
            done += _compare(database, usage, expected, rule, step)
            assert all_anomalies(database) == {k: rows for k, rows in expected.rows.items() if rows}
    rows = [row for rows in expected.rows.values() for row in rows]
    by_system = [row for row in rows if row.ended not in (None, "person")]
    audited = _audited(database) - before
    assert audited == Counter(detected=len(rows), resolved=len(by_system))
    assert audited["detected"] == sum(day.opened for day in done)


def _compare(
    database: Database, usage: Usage, expected: Anomalies, rule: AnomalyRule, step: Compare
) -> list[DayCompared]:
    first, last = sorted((step.first, step.last))
    days = [FIRST + timedelta(days=n) for n in range(first, last + 1)]
    gone = [FIRST + timedelta(days=n) for n in step.unsummarized]
    roll_up_all(database, units())
    with database.operator_transaction() as connection:
        connection.execute("DELETE FROM cost_summaries WHERE period_start = ANY(%s)", [gone])
    expected.compare(usage.reports, usage.epic_of(), days, rule, {*gone, *_NEVER_SUMMARIZED})
    return detect_all(database, [unit(slug, days[0], days[-1]) for slug in SLUGS], rule)


def _handle(database: Database, expected: Anomalies, step: Handle) -> None:
    there = sorted(expected.open().items(), key=lambda item: item[0])
    if not there:
        return
    (tenant, story, kind), row = there[step.which % len(there)]
    if step.archive:
        row.archived = True
        change = "archived = true"
    else:
        row.ended = "person"
        change = "resolved = true"
    with database.operator_transaction() as connection:
        connection.execute(
            f"UPDATE cost_anomalies SET {change} WHERE tenant_id = %s AND story_id = %s"  # noqa: S608
            " AND anomaly_type = %s AND NOT resolved".encode(),
            [tenant, story, kind],
        )


def _archive(database: Database, expected: Anomalies, step: Archive) -> None:
    before = max(expected.archived_before, FIRST + timedelta(days=step.before))
    expected.archived_before = before
    for slug in SLUGS:
        with database.tenant_transaction(id_of(slug)) as connection:
            connection.execute(
                "INSERT INTO loopctl_pipelines.archived_days VALUES (%s, %s, now())"
                " ON CONFLICT (tenant_id) DO UPDATE SET archived_before = excluded.archived_before",
                [id_of(slug), before],
            )


def _audited(database: Database) -> Counter[str]:
    with database.operator_transaction() as connection:
        rows = connection.execute("SELECT action, count(*) FROM audit_log GROUP BY 1").fetchall()
    return Counter(dict(rows))
