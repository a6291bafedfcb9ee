"""A message is claimed before it is sent: no target gets it twice, but after a kill."""

import re
import time
from collections.abc import Callable

from loopctl_pipelines_tests.alerts.alerted import Alerts, runaway
from loopctl_pipelines_tests.alerts.http_target import HttpTarget
from loopctl_pipelines_tests.shell import Shell
from loopctl_pipelines_tests.usage import Usage

SwitchOn = Callable[..., Alerts]


def _id(message: dict[str, str]) -> str:
    [found] = re.findall(r"^Message (\S+)$", message["message"], re.MULTILINE)
    return str(found)


def test_a_target_that_refuses_gets_the_message_later_and_the_others_do_not_get_it_again(
    switched_on: SwitchOn, target: HttpTarget
) -> None:
    usage = Usage()
    runaway(usage)
    with HttpTarget(503) as refusing:
        alerts = switched_on(usage, refusing.url(), target.url())
        alerts.run()
        assert alerts.evaluate().delivered.failed == 1
        # it is not due before a minute has passed
        assert alerts.evaluate().delivered.failed == 0
        refusing.status = 200
        alerts.make_due()
        assert alerts.evaluate().delivered.sent == 1
        alerts.make_due()
        alerts.evaluate()
        assert (len(refusing.received), len(target.received)) == (2, 1)
        assert len({_id(each) for each in (*refusing.received, *target.received)}) == 1
    [row] = alerts.messages()
    assert (row["state"], row["attempts"], sorted(row["accepted"])) == ("sent", 2, [1, 2])


def test_a_target_that_has_not_accepted_a_message_for_a_day_is_given_up(
    switched_on: SwitchOn, target: HttpTarget
) -> None:
    target.status = 404
    alerts = switched_on(Usage())
    alerts.change(
        "INSERT INTO loopctl_pipelines.alert_messages"
        " (message_id, run_id, created_at, next_attempt_at, attempts)"
        " VALUES (gen_random_uuid(), 'r', now() - interval '25 hours', now(), 30)"
    )
    assert alerts.evaluate().delivered.given_up == 1
    alerts.make_due()
    assert alerts.evaluate().delivered.given_up == 0
    assert len(target.received) == 1


def test_a_process_that_is_killed_while_it_sends_leads_to_one_repeat_with_the_same_id(
    switched_on: SwitchOn, target: HttpTarget, shell: Shell
) -> None:
    usage = Usage()
    runaway(usage)
    alerts = switched_on(usage)
    alerts.run()
    target.status = 0
    sender = shell.with_settings(LOOPCTL_ALERT_URLS=target.url())
    with sender.start("alerts", "send") as command:
        while not target.received:
            assert command.poll() is None
            time.sleep(0.05)
        command.kill()
    target.status = 200
    alerts.make_due()
    alerts.change("UPDATE loopctl_pipelines.alert_position SET held_until = NULL")
    for _ in range(2):
        alerts.evaluate()
        alerts.make_due()
    assert [_id(message) for message in target.received] == [_id(target.received[0])] * 2
    [row] = alerts.messages()
    assert (row["state"], row["attempts"]) == ("sent", 2)
