"""The order of the tests: nothing is lost, and each worker's share begins with long ones."""

from pathlib import Path

import pytest

from loopctl_pipelines_tests.long_first import LONGEST, long_first

SHORT = [f"a/short_{number}_test.py" for number in range(100)]


def test_every_share_begins_with_a_long_test_and_the_others_keep_their_order() -> None:
    ordered = long_first([*SHORT, *LONGEST], str, 3)
    assert sorted(ordered) == sorted([*SHORT, *LONGEST])
    first = len(ordered) // 3
    second = first + (len(ordered) - first) // 2
    assert [ordered[place] for place in (0, first, second)] == list(LONGEST[:3])
    assert [module for module in ordered if module in SHORT] == SHORT


@pytest.mark.parametrize("workers", [1, 2, 3, 8, 40])
def test_few_tests_are_all_kept(workers: int) -> None:
    few = [*SHORT[:5], *LONGEST]
    assert sorted(long_first(few, str, workers)) == sorted(few)


def test_the_longest_modules_are_there() -> None:
    for module in LONGEST:
        assert (Path(__file__).parent / module).is_file()
