"""A cursor is valid for its tenant only, and cannot be changed."""

from datetime import datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.knowledge.search.ranked.cursor import Place, place_of, sign
from loopctl_pipelines_tests.usage import id_of

KEY = bytes(range(32))
ACME = id_of("acme")
PLACE = Place(datetime(2026, 4, 2, 12, 0, 0, 123_456), id_of("an article"))  # noqa: DTZ001


@given(st.datetimes(), st.uuids())
def test_any_place_comes_back(inserted_at: datetime, article_id: UUID) -> None:
    place = Place(inserted_at, article_id)
    assert place_of(sign(place, ACME, KEY), ACME, KEY) == place


def test_a_cursor_of_another_tenant_or_another_key_is_none() -> None:
    cursor = sign(PLACE, ACME, KEY)
    assert place_of(cursor, id_of("other"), KEY) is None
    assert place_of(cursor, ACME, b"") is None


@given(st.text())
def test_no_text_is_a_cursor_and_none_raises(text: str) -> None:
    assert place_of(text, ACME, KEY) is None


@pytest.mark.parametrize("position", range(0, 54, 6))
def test_a_changed_character_makes_it_invalid(position: int) -> None:
    cursor = sign(PLACE, ACME, KEY)
    other = "A" if cursor[position] != "A" else "B"
    assert place_of(cursor[:position] + other + cursor[position + 1 :], ACME, KEY) is None
