"""A breaker's policy rejects numbers that make no sense."""

from datetime import timedelta

import pytest

from loopctl_pipelines.llm.circuit import BreakerPolicy


def test_the_default_policy_is_three_failures_in_a_minute_for_half_a_minute() -> None:
    policy = BreakerPolicy()
    assert policy.failure_threshold == 3
    assert policy.window == timedelta(seconds=60)
    assert policy.cooldown == timedelta(seconds=30)


def test_a_probe_s_lease_is_longer_than_the_longest_call() -> None:
    assert BreakerPolicy().probe_lease > timedelta(seconds=8)


def test_a_threshold_below_one_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^failure_threshold"):
        BreakerPolicy(failure_threshold=0)


@pytest.mark.parametrize("name", ["window", "cooldown", "probe_lease"])
def test_a_duration_of_zero_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        BreakerPolicy(**{name: timedelta(0)})  # type: ignore[arg-type] # the name is a parameter
