"""Thresholds of budgets are reported once: flag, audit row and webhook event in one transaction."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from loopctl_pipelines.costs.budgets.checking import check_budgets
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.anomalies.deviations import (
    DAY,
    NEXT,
    audited,
    change,
    spend,
    story,
)
from loopctl_pipelines_tests.costs.budgets.stored_budgets import (
    EPIC,
    PROJECT,
    add_budget,
    checked,
    flags,
)
from loopctl_pipelines_tests.costs.interleaved import acting_after, until_it_ends_or_waits
from loopctl_pipelines_tests.costs.runs import unit
from loopctl_pipelines_tests.usage import Usage, id_of
from loopctl_pipelines_tests.webhooks.subscriptions import add_webhook, queued

WARNING, EXCEEDED = "token.budget_warning", "token.budget_exceeded"
STATEMENTS = 8


@pytest.fixture
def webhook(database: Database) -> UUID:
    spend(database, (600, 300))
    return add_webhook(database, "a", WARNING, EXCEEDED)


def _types(database: Database) -> list[str]:
    return sorted(event["event_type"] for event in queued(database))


def _audited(database: Database) -> list[dict[str, Any]]:
    return [row for row in audited(database) if row["entity_type"] == "token_budget"]


@pytest.mark.usefixtures("webhook")
def test_a_project_at_its_threshold_is_warned_of_with_loopctl_s_fields(database: Database) -> None:
    budget = add_budget(database, "project", PROJECT, 1000)
    result = checked(database)
    assert [crossing.threshold for crossing in result.reported] == ["warning"]
    assert flags(database) == {budget: (True, False)}
    (event,) = queued(database)
    assert event["event_type"] == WARNING
    assert event["payload"] == {
        "budget_id": str(budget),
        "scope_type": "project",
        "scope_id": str(PROJECT),
        "budget_millicents": 1000,
        "current_spend_millicents": 900,
        "utilization_pct": 90,
        "alert_threshold_pct": 80,
        "triggering_report_id": None,
        "limit": "cost_millicents",
        "used": 900,
        "allowed": 1000,
    }
    (entry,) = _audited(database)
    assert (entry["entity_type"], entry["entity_id"]) == ("token_budget", budget)
    assert (entry["action"], entry["actor_type"]) == ("threshold_crossed", "system")
    assert entry["metadata"] == {
        "budget_id": str(budget),
        "scope_type": "project",
        "scope_id": str(PROJECT),
        "threshold_type": "warning",
    }
    assert entry["new_state"]["utilization_pct"] == 90


@pytest.mark.usefixtures("webhook")
def test_a_budget_that_is_exceeded_at_once_crosses_both_thresholds_and_each_only_once(
    database: Database,
) -> None:
    budget = add_budget(database, "epic", EPIC, 899)
    checked(database)
    assert flags(database) == {budget: (True, True)}
    spend(database, (600, 300), NEXT)
    assert list(checked(database).reported) == []
    assert _types(database) == [EXCEEDED, WARNING]
    assert len(_audited(database)) == 2
    exceeded = next(e["payload"] for e in queued(database) if e["event_type"] == EXCEEDED)
    assert (exceeded["overage_millicents"], exceeded["utilization_pct"]) == (1, 100)


@pytest.mark.usefixtures("webhook")
def test_after_a_warning_exceeding_is_reported_and_nothing_else(database: Database) -> None:
    add_budget(database, "project", PROJECT, 1000)
    checked(database)
    spend(database, (100,), NEXT)
    assert [crossing.threshold for crossing in checked(database).reported] == ["exceeded"]
    assert _types(database) == [EXCEEDED, WARNING]


@pytest.mark.usefixtures("webhook")
def test_what_loopctl_has_reported_is_not_reported_again(database: Database) -> None:
    add_budget(database, "project", PROJECT, 500)
    change(database, "UPDATE token_budgets SET warning_fired = true, exceeded_fired = true")
    assert list(checked(database).reported) == []
    assert (_audited(database), queued(database)) == ([], [])


@pytest.mark.usefixtures("webhook")
def test_new_limits_for_which_loopctl_clears_the_flags_are_reported_anew(
    database: Database,
) -> None:
    add_budget(database, "project", PROJECT, 500)
    checked(database)
    change(
        database,
        "UPDATE token_budgets SET budget_millicents = 1000, warning_fired = false,"
        " exceeded_fired = false",
    )
    assert [crossing.threshold for crossing in checked(database).reported] == ["warning"]


@pytest.mark.usefixtures("webhook")
@pytest.mark.parametrize(
    "theirs",
    [
        pytest.param("SET warning_fired = true", id="loopctl reports the warning"),
        pytest.param("SET budget_millicents = 5000", id="somebody raises the limit"),
    ],
)
def test_a_budget_that_changes_after_it_was_read_is_left_to_the_next_landing(
    database: Database, theirs: str
) -> None:
    add_budget(database, "project", PROJECT, 1000)
    with database.connect() as loopctl, ThreadPoolExecutor() as pool:
        loopctl.execute(f"UPDATE token_budgets {theirs}".encode())
        running = until_it_ends_or_waits(database, pool, lambda: checked(database))
        assert not running.done()
        loopctl.commit()
        assert list(running.result().reported) == []
    assert (_audited(database), queued(database)) == ([], [])
    assert list(checked(database).reported) == []


@pytest.mark.usefixtures("webhook")
def test_two_checks_at_once_report_a_threshold_once(database: Database) -> None:
    add_budget(database, "project", PROJECT, 1000)
    with ThreadPoolExecutor() as pool:
        with database.tenant_transaction(id_of("a")) as connection:
            (first,) = check_budgets(connection, unit("a", DAY))
            running = until_it_ends_or_waits(database, pool, lambda: checked(database))
            assert not running.done()
        second = running.result()
    assert (len(first.reported), len(second.reported)) == (1, 0)
    assert len(queued(database)) == len(_audited(database)) == 1


class _KilledError(Exception):
    pass


def _die() -> None:
    raise _KilledError


def _check_and_die(database: Database, *, after: int) -> None:
    with acting_after(database, id_of("a"), after, _die) as connection:
        check_budgets(connection, unit("a", DAY))
        assert after == STATEMENTS, "the work has fewer statements"


@pytest.mark.usefixtures("webhook")
def test_killed_after_any_statement_nothing_is_reported_and_the_next_check_reports_it_once(
    database: Database,
) -> None:
    budget = add_budget(database, "project", PROJECT, 1000)
    for done in range(STATEMENTS + 1):
        with pytest.raises(_KilledError):
            _check_and_die(database, after=done)
        assert (_audited(database), queued(database)) == ([], [])
        assert flags(database) == {budget: (False, False)}
    for _ in range(2):
        checked(database)
    assert len(queued(database)) == len(_audited(database)) == 1


def test_a_webhook_that_is_switched_off_in_between_gets_the_warning_and_nothing_later(
    database: Database, webhook: UUID
) -> None:
    add_budget(database, "project", PROJECT, 1000)
    checked(database)
    change(database, f"UPDATE webhooks SET active = false WHERE id = '{webhook}'")  # noqa: S608
    spend(database, (100,), NEXT)
    assert [crossing.threshold for crossing in checked(database).reported] == ["exceeded"]
    assert _types(database) == [WARNING]
    assert len(_audited(database)) == 2


@pytest.mark.usefixtures("webhook")
def test_token_limits_count_like_costs(database: Database) -> None:
    # each report has 100 input and 10 output tokens
    add_budget(database, "project", PROJECT, 0, input_tokens=200)
    add_budget(database, "epic", EPIC, 10_000, output_tokens=25)
    found = {c.budget.scope_type: (c.threshold, c.use.limit) for c in checked(database).reported}
    assert found == {
        "project": ("exceeded", "input_tokens"),
        "epic": ("warning", "output_tokens"),
    }


@pytest.mark.usefixtures("webhook")
def test_budgets_of_0_and_null_and_of_scopes_without_reports_report_nothing(
    database: Database,
) -> None:
    add_budget(database, "project", PROJECT, 0, input_tokens=0, output_tokens=0)
    add_budget(database, "epic", EPIC, 0)
    add_budget(database, "story", id_of("gone"), 1)
    result = checked(database)
    assert (len(result.budgets), list(result.reported), result.stories_over) == (3, [], 0)


def test_deleted_reports_and_those_of_other_tenants_are_not_spent(database: Database) -> None:
    usage = Usage()
    usage.report("a", DAY, 700)
    usage.report("a", DAY, 700, deleted=True)
    usage.report("b", DAY, 700)
    usage.write(database)
    add_budget(database, "project", PROJECT, 1000)
    (budget,) = checked(database).budgets
    assert (budget.cost_millicents, budget.recent_millicents) == (700, 700)


def test_a_story_s_own_budget_is_reported_like_the_others(database: Database) -> None:
    spend(database, (600, 300))
    add_webhook(database, "a", WARNING, EXCEEDED, project_id=PROJECT)
    add_budget(database, "story", story("s1"), 300)
    checked(database)
    assert _types(database) == [EXCEEDED, WARNING]
