"""Why partitions failed, as their pages show it."""

from loopctl_pipelines.orchestration.partition_failures import shorten


def test_a_reason_of_2000_characters_is_shown_whole_and_a_longer_one_is_cut() -> None:
    whole, longer = "a" * 2_000, "b" * 2_001
    assert shorten(whole) == whole
    assert shorten(longer) == "b" * 1_999 + "\N{HORIZONTAL ELLIPSIS}"
