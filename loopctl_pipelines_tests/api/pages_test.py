"""Page numbers and sizes, read leniently and clamped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.api.pages import PageQuery
from loopctl_pipelines.api.query_values import LARGEST, lenient_whole


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("3", 3),
        ("2abc", 2),
        ("+4", 4),
        ("007", 7),
        ("abc", 1),
        ("", 1),
        (" 5", 1),
        ("0", 1),
        ("-5", 1),
        ("1.9", 1),
        ("1e9", 1),
        ("٣", 1),
        ("½", 1),
        ("--1", 1),
        ("1000000000000000000", 10**18),
        (f"{2**63}", LARGEST),
        ("9" * 10_000, LARGEST),
        ("0" * 10_000 + "8", 8),
        ("-" + "9" * 10_000, 1),
    ],
)
def test_a_page_is_the_number_that_the_text_starts_with(text: str, page: int) -> None:
    assert PageQuery.model_validate({"page": text}).page == page


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("100", 100),
        ("101", 100),
        ("0", 1),
        ("-3", 1),
        ("x", 20),
        ("", 20),
        ("9" * 99, 100),
    ],
)
def test_a_page_size_lies_between_1_and_100(text: str, size: int) -> None:
    assert PageQuery.model_validate({"page_size": text}).page_size == size


def test_the_first_page_of_twenty_is_the_default() -> None:
    first = PageQuery.model_validate({})
    assert (first.page, first.page_size, first.offset) == (1, 20, 0)


@given(st.text())
def test_any_text_gives_a_page_that_postgresql_can_calculate_with(text: str) -> None:
    query = PageQuery.model_validate({"page": text, "page_size": text})
    assert 1 <= query.page <= LARGEST
    assert 1 <= query.page_size <= 100
    assert 0 <= query.offset <= LARGEST - 100


@given(st.integers(), st.text(alphabet="abc .-+_"))
def test_what_follows_a_number_does_not_count(number: int, rest: str) -> None:
    expected = max(min(number, LARGEST), -LARGEST)
    assert lenient_whole(f"{number}{rest}", default=-7) == expected
