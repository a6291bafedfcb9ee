"""The search for canaries finds them; the tests that rely on it would otherwise prove nothing."""

import base64
import random

import pytest

from loopctl_pipelines_tests.llm.canary import Canaries, canary

KEY, WORD = canary("key"), canary("word")
CANARIES = Canaries({"key": KEY, "word": WORD})


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        KEY.lower(),
        f"Bearer {KEY}",
        f"Incorrect API key provided: {KEY[:8]}****{KEY[-4:]}.",
        f"Incorrect API key provided: ****{KEY[-4:]}.",
        f"...{KEY[-4:]}",
        f"sk-{KEY[:3]}...",
        f"sk-{KEY[:4]}••••",
        f'{{"key": "{KEY[10:16]}"}}',
    ],
)
def test_every_form_of_a_canary_is_found(text: str) -> None:
    assert CANARIES.found_in(f"before {text} after") == {"key"}


def test_any_six_characters_are_found_and_five_are_not() -> None:
    for start in range(len(KEY) - 5):
        assert CANARIES.found_in(KEY[start : start + 6]) == {"key"}
        assert CANARIES.found_in(KEY[start : start + 5]) == set()


def test_two_canaries_are_told_apart() -> None:
    assert CANARIES.found_in(f"{KEY[:6]} {WORD[:6]}") == {"key", "word"}


def test_nothing_is_found_in_a_megabyte_of_base64() -> None:
    noise = base64.b64encode(random.Random(1).randbytes(10**6)).decode()
    assert CANARIES.found_in(noise) == set()
