"""`loopctl-pipelines alerts`: what it shows, and what it never does."""

import json
from collections.abc import Iterator

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.alerts.http_target import HttpTarget
from loopctl_pipelines_tests.shell import Shell

_SECRET = "s3cr3t-t0ken"  # noqa: S105 - it is looked for in what is shown


@pytest.fixture
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as target:
        yield target


def test_a_test_message_goes_to_each_target_and_no_url_is_shown(
    shell: Shell, target: HttpTarget
) -> None:
    with HttpTarget(401) as refusing:
        urls = f"{target.url(_SECRET)},\n {refusing.url(_SECRET)}"
        code, out, err = shell.with_settings(LOOPCTL_ALERT_URLS=urls).run("alerts", "test")
    assert (code, err) == (1, "")
    assert "Target 1 (json): accepted." in out
    assert "Target 2 (json): not accepted." in out
    assert _SECRET not in out
    assert target.address not in out
    assert [message["title"] for message in target.received] == ["loopctl: a test"]


def test_the_answers_of_the_targets_and_what_was_sent_are_json(
    shell: Shell, target: HttpTarget
) -> None:
    shell = shell.with_settings(LOOPCTL_ALERT_URLS=target.url(_SECRET))
    code, out, _ = shell.run("alerts", "test", "--json")
    assert (code, json.loads(out)) == (0, [{"target": "1 (json)", "accepted": True}])
    code, out, _ = shell.run("alerts", "send", "--json")
    assert (code, json.loads(out)["examined"]) == (0, 0)


@pytest.mark.parametrize(
    ("urls", "problem"),
    [
        ("", "LOOPCTL_ALERT_URLS is not set, so there is nowhere to send alerts to"),
        (_SECRET, "LOOPCTL_ALERT_URLS must be URLs with blanks between them, and number 1 is none"),
        (f"json://a slack://{_SECRET}", "Apprise understands, and number 2 is none"),
        (f"nosuch://{_SECRET}@a", "Apprise understands, and number 1 is none"),
    ],
)
def test_urls_that_cannot_be_used_are_named_by_their_place(
    shell: Shell, urls: str, problem: str
) -> None:
    code, out, err = shell.with_settings(LOOPCTL_ALERT_URLS=urls).run("alerts", "test")
    assert (code, out) == (1, "")
    assert problem in " ".join(err.split())
    assert _SECRET not in err


def test_the_list_shows_the_latest_messages_as_a_table_and_as_json(
    shell: Shell, database: Database
) -> None:
    assert shell.run("alerts", "list")[:2] == (0, "No alerts.\n")
    with database.operator_transaction() as connection:
        connection.execute(
            "INSERT INTO loopctl_pipelines.alert_messages"
            " (message_id, run_id, created_at, next_attempt_at, attempts, accepted)"
            " VALUES (gen_random_uuid(), '0f3c9a52-9b1d', '2026-04-02 02:03:04Z', now(), 3, '{2}')"
        )
    code, out, _ = shell.run("alerts", "list")
    assert code == 0
    assert "2026-04-02 02:03:04 0f3c9a52 waiting 3 1" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80
    [row] = json.loads(shell.run("alerts", "list", "--json")[1])
    assert (row["run_id"], row["state"], row["accepted"]) == ("0f3c9a52-9b1d", "waiting", 1)
