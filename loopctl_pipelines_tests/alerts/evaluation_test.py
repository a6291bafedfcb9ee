"""A run with something to report is alerted once, whatever happens in between."""

from collections.abc import Callable

from loopctl_pipelines_tests.alerts.alerted import LAST, UI, Alerts, runaway
from loopctl_pipelines_tests.alerts.http_target import HttpTarget
from loopctl_pipelines_tests.usage import Usage

SwitchOn = Callable[..., Alerts]


def test_a_new_anomaly_is_alerted_once_with_its_figures_and_a_link_to_the_run(
    switched_on: SwitchOn, target: HttpTarget
) -> None:
    usage = Usage()
    runaway(usage)
    alerts = switched_on(usage)
    run_id = alerts.run()
    done = alerts.evaluate()
    assert (done.examined, done.alerted, done.delivered.sent) == (1, 1, 1)
    [message] = target.received
    assert message["title"] == "loopctl: 1 new anomaly"
    for part in (f"{UI}/runs/{run_id}", "1 high cost", f"- a {LAST}", "$90.00, 4.50 times: s0"):
        assert part in message["message"]
    alerts.run()
    assert alerts.evaluate().alerted == 0
    assert len(target.received) == 1
