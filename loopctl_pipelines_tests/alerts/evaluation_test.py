"""A run with something to report is alerted once."""

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from dagster import (
    AssetCheckResult,
    DagsterInstance,
    DagsterRunStatus,
    SkipReason,
    asset,
    asset_check,
    build_sensor_context,
    materialize,
)
from psycopg.types.json import Jsonb

from loopctl_pipelines.alerts.evaluation import evaluate
from loopctl_pipelines.alerts.sensors import build_alerts_sensor
from loopctl_pipelines.alerts.targets import Targets
from loopctl_pipelines.costs.anomalies.writing import DETECTED
from loopctl_pipelines.definitions import defs
from loopctl_pipelines.errors import SettingsError
from loopctl_pipelines_tests.alerts.alerted import (
    LAST,
    RUNAWAY,
    UI,
    Alerts,
    runaway,
    without_targets,
)
from loopctl_pipelines_tests.alerts.http_target import HttpTarget
from loopctl_pipelines_tests.costs.anomalies.deviations import anomalies
from loopctl_pipelines_tests.dagster_internals import create_run_for_test
from loopctl_pipelines_tests.usage import Usage, id_of
from loopctl_pipelines_tests.webhooks.subscriptions import add_webhook, queued

SwitchOn = Callable[..., Alerts]
_TOO_MUCH = 2**63 - 1


def _fail(alerts: Alerts, job: str = "daily_costs") -> str:
    """Record a run that failed, without running it."""
    run = create_run_for_test(
        alerts.project.instance, job_name=job, status=DagsterRunStatus.FAILURE
    )
    return str(run.run_id)


def test_a_runaway_is_opened_on_its_day_alerted_once_and_closed_when_it_is_corrected(
    switched_on: SwitchOn, target: HttpTarget
) -> None:
    days = [LAST - timedelta(days=n) for n in range(29, -1, -1)]
    usage = Usage()
    for day in days:
        for slug in ("a", "b"):
            runaway(usage, slug, day, cost=RUNAWAY if day == days[20] else 250_000)
    alerts = switched_on(usage)
    database = alerts.project.database
    add_webhook(database, "a", DETECTED)
    runs, sent = [], []
    for first, last in ((days[0], days[19]), (days[20], days[20]), (days[21], days[29])):
        runs.append(alerts.project.run((first, last), ("a", "b")).run_id)
        alerts.evaluate()
        sent.append(len(target.received))
    assert sent == [0, 1, 1]
    [message] = target.received
    assert message["title"] == "loopctl: 2 new anomalies"
    for part in (f"{UI}/runs/{runs[1]}", f"- a {days[20]}, high cost, $90.00, 4.50 times: s0"):
        assert part in message["message"]
    [event] = queued(database)
    assert (event["event_type"], event["tenant_id"]) == (DETECTED, id_of("a"))
    with database.tenant_transaction(id_of("a")) as connection:
        assert connection.execute(
            "SELECT (SELECT count(*) FROM loopctl_pipelines.alert_messages),"
            " (SELECT count(*) FROM loopctl_pipelines.alert_position),"
            " (SELECT array_agg(tenant_id) FROM loopctl_pipelines.alerted_findings)"
        ).fetchall() == [(0, 0, [id_of("a")])]
        connection.execute(
            "UPDATE token_usage_reports SET deleted_at = now() WHERE cost_millicents > 1000000"
        )
    alerts.run(days[20], ("a", "b"))
    assert alerts.evaluate().alerted == 0
    assert sorted(row["resolved"] for row in anomalies(database)) == [False, True]
    assert len(target.received) == len(queued(database)) == 1


def test_a_tenant_that_failed_is_alerted_by_name(switched_on: SwitchOn, target: HttpTarget) -> None:
    usage = Usage()
    usage.report("a", LAST, 1)
    for _ in range(2):
        usage.report("b", LAST, _TOO_MUCH)
    alerts = switched_on(usage)
    alerts.run(slugs=("a", "b"))
    alerts.evaluate()
    [message] = target.received
    assert message["title"] == "loopctl: 1 failed tenant"
    assert "Failed tenants: b (1 partition)" in message["message"]


def test_a_red_check_is_alerted_though_its_run_succeeded(
    switched_on: SwitchOn, target: HttpTarget, instance: DagsterInstance
) -> None:
    @asset
    def counted() -> None: ...

    @asset_check(asset=counted)
    def is_right() -> AssetCheckResult:
        return AssetCheckResult(passed=False)

    alerts = switched_on(Usage())
    materialize([counted, is_right], instance=instance)
    assert alerts.evaluate().delivered.sent == 1
    [message] = target.received
    assert message["title"] == "loopctl: 1 red check"
    assert "Red check is_right: 1 partition" in message["message"]


def test_budgets_that_were_audited_are_alerted_once(
    switched_on: SwitchOn, target: HttpTarget
) -> None:
    usage = Usage()
    usage.report("a", LAST, 1)
    alerts = switched_on(usage)
    with alerts.project.database.tenant_transaction(id_of("a")) as connection:
        for scope, scope_id, threshold in (
            ("project", id_of("a", "project"), "warning"),
            ("epic", id_of("a", "epic", "e"), "exceeded"),
            # it is an anomaly
            ("story", id_of("a", "story", "e", "s"), "exceeded"),
        ):
            state = {"scope_type": scope, "scope_id": str(scope_id), "threshold_type": threshold}
            connection.execute(
                "INSERT INTO audit_log"
                " (tenant_id, entity_type, entity_id, action, actor_type, new_state)"
                " VALUES (%s, 'token_budget', gen_random_uuid(), 'threshold_crossed', 'system',"
                " %s)",
                [id_of("a"), Jsonb({**state, "utilization_pct": 104})],
            )
    alerts.run()
    assert [alerts.evaluate().alerted for _ in range(2)] == [1, 0]
    [message] = target.received
    assert message["title"] == "loopctl: 1 exceeded budget, 1 budget warning"
    assert "Budget of a, project p: is nearly used up, 104 %" in message["message"]
    assert f"Budget of a, epic {id_of('a', 'epic', 'e')}: is exceeded" in message["message"]
    alerts.run()
    assert alerts.evaluate().alerted == 0


def test_ten_thousand_new_anomalies_are_one_message(
    switched_on: SwitchOn, target: HttpTarget
) -> None:
    usage = Usage()
    usage.story("a", "*first*")
    alerts = switched_on(usage)
    parameters = {"tenant": id_of("a"), "story": id_of("a", "story", "e", "*first*")}
    with alerts.project.database.operator_transaction() as connection:
        connection.execute(
            "CREATE TEMPORARY TABLE of_story AS"
            " SELECT (to_jsonb(story) || jsonb_build_object("
            "   'id', gen_random_uuid(), 'number', '9.' || n, 'sort_key', 1000 + n)) AS row"
            " FROM stories AS story, generate_series(1, 9999) AS n",
        )
        connection.execute(
            "INSERT INTO stories SELECT made.* FROM of_story,"
            " jsonb_populate_record(NULL::stories, of_story.row) AS made"
        )
        connection.execute(
            "INSERT INTO cost_anomalies (id, tenant_id, story_id, anomaly_type,"
            " story_cost_millicents, reference_avg_millicents, deviation_factor, metadata,"
            " inserted_at, updated_at)"
            " SELECT gen_random_uuid(), %(tenant)s, id, 'high_cost',"
            " CASE WHEN id = %(story)s THEN 900000 ELSE 90000 END, 9000, 10.00, '{}',"
            " now(), now() FROM stories",
            parameters,
        )
    alerts.run()
    alerts.evaluate()
    alerts.evaluate()
    [message] = target.received
    assert "10,000 new anomalies" in message["title"]
    assert "$9.00, 10.00 times: \uff0afirst\uff0a" in message["message"]
    assert "and 9,994 more anomalies" in message["message"]


def test_what_happened_before_alerts_were_switched_on_is_not_alerted(
    switched_on: SwitchOn, target: HttpTarget
) -> None:
    usage = Usage()
    runaway(usage)
    usage.tenant("b")
    alerts = switched_on(usage)
    alerts.run()
    # as if alerts had been switched on after it
    alerts.change(
        "UPDATE loopctl_pipelines.alert_position"
        " SET since = now() + interval '1 second', examined_until = now()"
    )
    assert alerts.evaluate().alerted == 0
    alerts.run(slugs=("a", "b"))
    alerts.evaluate()
    assert target.received == []


def test_runs_that_ended_while_nothing_evaluated_are_alerted_later(
    switched_on: SwitchOn,
) -> None:
    alerts = without_targets(switched_on(Usage()))
    failed = {_fail(alerts), _fail(alerts, "weekly_retention")}
    alerts.change(
        "UPDATE loopctl_pipelines.alert_position"
        " SET since = now() - interval '7 days', examined_until = now() - interval '5 days'"
    )
    alerts.evaluate()
    assert {row["run_id"] for row in alerts.messages()} == failed


def test_too_many_runs_in_an_hour_share_one_message(
    switched_on: SwitchOn, target: HttpTarget
) -> None:
    alerts = switched_on(Usage())
    alerts.change(
        "INSERT INTO loopctl_pipelines.alert_messages"
        " (message_id, run_id, state, created_at, next_attempt_at, sent_at)"
        " SELECT gen_random_uuid(), 'r' || n, 'sent', now(), now(), now()"
        " FROM generate_series(1, 20) AS n"
    )
    for _ in range(3):
        _fail(alerts, "article_embeddings")
    assert alerts.evaluate().delivered.held_back == 3
    assert target.received == []
    alerts.change(
        "UPDATE loopctl_pipelines.alert_messages SET sent_at = now() - interval '2 hours'"
        " WHERE run_id = 'r1'"
    )
    assert alerts.evaluate().delivered.sent == 1
    [message] = target.received
    assert message["title"] == "loopctl: 3 failed runs"
    assert message["message"].startswith("3 runs (3 of article_embeddings), of which 3 failed.")
    assert alerts.evaluate().delivered.held_back == 0


def test_the_sensor_alerts_about_nothing_from_a_time_when_alerts_were_off(
    switched_on: SwitchOn, target: HttpTarget
) -> None:
    alerts = switched_on(Usage())
    cursor = None

    def tick(*urls: str) -> str:
        nonlocal cursor
        context = build_sensor_context(
            alerts.project.instance, cursor, resources={"database": alerts.project.database}
        )
        result = build_alerts_sensor(Targets(urls, UI))(context)
        assert isinstance(result, SkipReason)
        cursor = context.cursor
        return result.skip_message or ""

    assert "LOOPCTL_ALERT_URLS is not set" in tick()
    _fail(alerts)
    assert "0 of them to be alerted" in tick(target.url())
    _fail(alerts)
    assert "1 of them to be alerted; messages: 1 sent" in tick(target.url())
    assert len(target.received) == 1


def test_the_definitions_are_not_offered_with_a_target_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOOPCTL_ALERT_URLS", "json://a nosuch://s3cr3t")
    with pytest.raises(SettingsError, match="number 2 is none") as refused:
        defs()
    assert "s3cr3t" not in str(refused.value)


def test_two_evaluations_at_once_are_one(switched_on: SwitchOn) -> None:
    alerts = switched_on(Usage())
    alerts.change("UPDATE loopctl_pipelines.alert_position SET held_until = now() + '1 minute'")
    assert evaluate(alerts.project.database, alerts.project.instance, alerts.targets) is None


def test_a_process_whose_clock_is_ahead_keeps_no_run_of_others_from_being_alerted(
    switched_on: SwitchOn, dagster_url: str
) -> None:
    alerts = without_targets(switched_on(Usage()))
    ahead = _fail(alerts)
    with psycopg.connect(dagster_url) as connection:
        connection.execute(
            "UPDATE runs SET update_timestamp = update_timestamp + interval '1 hour',"
            " end_time = start_time + 3600"
        )
    assert alerts.evaluate().alerted == 1
    later = _fail(alerts)
    assert (alerts.evaluate().alerted, alerts.evaluate().alerted) == (1, 0)
    assert {row["run_id"] for row in alerts.messages()} == {ahead, later}


def test_claims_on_what_is_gone_are_removed(switched_on: SwitchOn) -> None:
    usage = Usage()
    usage.tenant("a")
    alerts = without_targets(switched_on(usage))
    with alerts.project.database.operator_transaction() as connection:
        for slug, kind in (("a", "anomaly"), ("a", "budget"), ("b", "budget")):
            connection.execute(
                "INSERT INTO loopctl_pipelines.alerted_findings"
                " VALUES (%s, gen_random_uuid(), %s, gen_random_uuid())",
                [id_of(slug), kind],
            )
    _fail(alerts)
    alerts.evaluate()
    with alerts.project.database.operator_transaction() as connection:
        left = connection.execute(
            "SELECT tenant_id, kind FROM loopctl_pipelines.alerted_findings"
        ).fetchall()
    assert left == [(id_of("a"), "budget")]
