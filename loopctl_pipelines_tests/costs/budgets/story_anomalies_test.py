"""Stories over their effective budget are anomalies, which follow the rules of all anomalies."""

from typing import Any

import pytest

from loopctl_pipelines.actor import Actor
from loopctl_pipelines.costs.anomalies.resolution import resolve_anomaly
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.anomalies.deviations import (
    DAY,
    NEXT,
    anomalies,
    audited,
    change,
    detected,
    spend,
    story,
)
from loopctl_pipelines_tests.costs.budgets.stored_budgets import (
    EPIC,
    PROJECT,
    add_budget,
    checked,
)
from loopctl_pipelines_tests.usage import LONG_AGO, id_of
from loopctl_pipelines_tests.webhooks.subscriptions import add_webhook, queued


@pytest.fixture(autouse=True)
def two_stories(database: Database) -> None:
    spend(database, (600, 300))


def _open(database: Database) -> dict[str, str]:
    """Return the scope of the budget of each open anomaly, by story."""
    names = {story(name): name for name in ("s0", "s1")}
    rows: list[dict[str, Any]] = [row for row in anomalies(database) if not row["resolved"]]
    return {names[row["story_id"]]: row["metadata"]["budget"]["scope_type"] for row in rows}


def _resolve(database: Database) -> None:
    for row in anomalies(database):
        with database.tenant_transaction(id_of("a")) as connection:
            resolve_anomaly(connection, id_of("a"), row["id"], Actor.system("test"))


def test_a_story_over_its_own_budget_is_an_anomaly_with_audit_row_and_event(
    database: Database,
) -> None:
    add_webhook(database, "a", "token.anomaly_detected")
    budget = add_budget(database, "story", story("s0"), 400)
    result = checked(database)
    assert (result.stories_over, result.anomalies["opened"]) == (1, 1)
    (row,) = anomalies(database)
    assert (row["story_id"], row["anomaly_type"]) == (story("s0"), "budget_exceeded")
    assert (row["story_cost_millicents"], row["reference_avg_millicents"]) == (600, 400)
    assert str(row["deviation_factor"]) == "1.50"
    assert row["metadata"] == {
        "period": str(DAY),
        "earlier": [],
        "epic_id": str(EPIC),
        "budget": {
            "scope_type": "story",
            "id": str(budget),
            "limit": "cost_millicents",
            "allowed": 400,
            "used": 600,
        },
    }
    actions = [(entry["entity_type"], entry["action"]) for entry in audited(database)]
    assert ("cost_anomaly", "detected") in actions
    (event,) = queued(database)
    assert event["payload"]["anomaly_type"] == "budget_exceeded"


def test_the_nearest_budget_counts_the_story_s_the_epic_s_the_project_s_the_tenant_s(
    database: Database,
) -> None:
    change_default = "UPDATE tenants SET default_story_budget_millicents = 500"
    with database.operator_transaction() as connection:
        connection.execute(change_default)
    checked(database)
    assert _open(database) == {"s0": "tenant"}
    add_budget(database, "project", PROJECT, 300)
    checked(database)
    assert _open(database) == {"s0": "project", "s1": "project"}
    add_budget(database, "epic", EPIC, 600)
    checked(database)
    assert _open(database) == {"s0": "epic"}
    add_budget(database, "story", story("s0"), 601)
    add_budget(database, "story", story("s1"), 300)
    checked(database)
    assert _open(database) == {"s1": "story"}


def test_an_own_budget_of_0_frees_a_story_from_its_epic_s(database: Database) -> None:
    add_budget(database, "epic", EPIC, 100)
    add_budget(database, "story", story("s0"), 0)
    checked(database)
    assert _open(database) == {"s1": "epic"}


def test_a_token_limit_is_exceeded_too(database: Database) -> None:
    add_budget(database, "story", story("s0"), 10_000, output_tokens=4)
    checked(database)
    (row,) = anomalies(database)
    assert (row["metadata"]["budget"]["limit"], str(row["deviation_factor"])) == (
        "output_tokens",
        "2.50",
    )


def test_more_spending_updates_the_open_anomaly_and_is_not_audited(database: Database) -> None:
    add_budget(database, "story", story("s0"), 400)
    checked(database)
    entries = len(audited(database))
    spend(database, (200,), NEXT)
    assert checked(database).anomalies == {"updated": 1}
    (row,) = anomalies(database)
    assert (row["story_cost_millicents"], row["metadata"]["period"]) == (800, str(NEXT))
    assert len(audited(database)) == entries
    assert checked(database).anomalies == {}
    assert anomalies(database) == [row]


def test_one_that_a_person_resolved_stays_resolved_until_the_budget_is_another(
    database: Database,
) -> None:
    add_budget(database, "story", story("s0"), 400)
    checked(database)
    _resolve(database)
    spend(database, (200,), NEXT)
    assert checked(database).anomalies == {}
    change(database, "UPDATE token_budgets SET budget_millicents = 700")
    assert checked(database).anomalies == {"opened": 1}


def test_when_the_budget_is_no_longer_exceeded_the_system_resolves_the_anomaly_until_it_is_again(
    database: Database,
) -> None:
    add_budget(database, "story", story("s0"), 400)
    checked(database)
    for correct in (
        "UPDATE token_budgets SET budget_millicents = 10000",
        "UPDATE token_budgets SET scope_type = 'epic'",
        "UPDATE token_usage_reports SET deleted_at = now() WHERE cost_millicents = 600",
    ):
        change(database, correct)
        assert checked(database).anomalies == {"resolved": 1}
        assert anomalies(database)[-1]["metadata"]["resolution"] == "no_longer_deviates"
        assert audited(database)[-1]["action"] == "resolved"
        change(
            database,
            "UPDATE token_budgets SET budget_millicents = 400, scope_type = 'story'",
        )
        change(database, "UPDATE token_usage_reports SET deleted_at = NULL")
        assert checked(database).anomalies == {"opened": 1}


def test_an_archived_one_is_superseded_only_when_the_story_goes_on(database: Database) -> None:
    add_budget(database, "story", story("s0"), 400)
    checked(database)
    change(database, "UPDATE cost_anomalies SET archived = true")
    assert checked(database).anomalies == {}
    spend(database, (200,), NEXT)
    assert checked(database).anomalies == {"opened": 1, "resolved": 1}
    archived, shown = anomalies(database)
    assert (archived["resolved"], shown["archived"]) == (True, False)
    assert shown["metadata"]["supersedes"] == str(archived["id"])


def test_one_that_somebody_else_wrote_is_not_closed(database: Database) -> None:
    with database.operator_transaction() as connection:
        connection.execute(
            "INSERT INTO cost_anomalies (id, tenant_id, story_id, anomaly_type, inserted_at,"
            " updated_at, story_cost_millicents, reference_avg_millicents, deviation_factor)"
            " VALUES (gen_random_uuid(), %s, %s, 'budget_exceeded', %s, %s, 1, 1, 1)",
            [id_of("a"), story(), LONG_AGO, LONG_AGO],
        )
    assert checked(database).anomalies == {}


def test_detection_leaves_anomalies_of_budgets_alone_and_the_check_leaves_the_others(
    database: Database,
) -> None:
    spend(database, (9000, 250, 250, 250, 250))
    add_budget(database, "story", story("s0"), 400)
    detected(database)
    checked(database)
    before = anomalies(database)
    assert {row["anomaly_type"] for row in before} == {"high_cost", "budget_exceeded"}
    detected(database)
    checked(database)
    assert anomalies(database) == before
