"""Why partitions failed, as their pages show it."""

from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.orchestration.partition_failures import FailedPartitions, failure_reasons


def test_a_reason_of_2000_characters_is_shown_whole_and_a_longer_one_is_cut() -> None:
    whole, longer = "a" * 2_000, "b" * 2_001
    failed = [
        FailedPartitions(["acme", "blue"], PipelinesError(whole)),
        FailedPartitions(["cold"], PipelinesError(longer)),
    ]
    assert dict(failure_reasons(failed)) == {
        "acme": whole,
        "blue": whole,
        "cold": "b" * 1_999 + "\N{HORIZONTAL ELLIPSIS}",
    }
