"""Models are found under the many names that agents give them, and never under a similar one."""

from datetime import date
from decimal import Decimal

import pytest

from loopctl_pipelines.costs.list_prices.spelling import spellings
from loopctl_pipelines.llm.list_prices import HighestPrices, highest_prices

DAY = date(2026, 4, 1)
ALIASES = {"our-opus": "claude-opus-4-5", "gateway/fast": "anthropic/claude-haiku-4-5"}


def _found(model: str, day: date = DAY) -> HighestPrices | None:
    tried = (highest_prices(vendor, name, day) for vendor, name in spellings(model, ALIASES))
    return next(filter(None, tried), None)


@pytest.mark.parametrize(
    "model",
    [
        "claude-opus-4-5",
        "claude-opus-4-5-20251101",
        "Claude Opus 4.5",
        " claude_opus_4_5 ",
        "anthropic/claude-opus-4-5",
        "openrouter/anthropic/claude-opus-4.5",
        "claude-opus-4-5@20251101",
        "claude-opus-4-5[1m]",
        "claude-opus-4-5 (high)",
        "claude-opus-4-5:thinking",
        "opus-4.5",
        "our-opus",
        "OUR-OPUS",
    ],
)
def test_all_of_these_are_one_model(model: str) -> None:
    # the dearest token is one that is kept in the cache for an hour
    assert _found(model) == HighestPrices(Decimal(10), Decimal(25))


@pytest.mark.parametrize(
    ("model", "like"),
    [
        ("google/gemini-3-pro-preview", "gemini-3-pro"),
        ("Gemini-3-Flash", "gemini-3-flash-preview"),
        ("DeepSeek-V3.2-Reasoner", "deepseek-reasoner"),
        ("gateway/fast", "claude-haiku-4-5"),
        ("openai/gpt-4o", "gpt4o"),
        ("openai/text-embedding-3-small", "openai/text-embedding-3-small"),
    ],
)
def test_other_spellings_have_the_same_prices(model: str, like: str) -> None:
    assert _found(model) == _found(like) is not None


@pytest.mark.parametrize(
    "model",
    [
        "",
        " ",
        "/",
        "opus",
        "sonnet",
        "claude-of-tomorrow",
        "nemotron-3-nano",
        "our-opus-2",
        "\x1b\0",
    ],
)
def test_a_name_that_is_not_understood_is_unknown(model: str) -> None:
    assert _found(model) is None


def test_a_model_of_bedrock_has_bedrock_s_price() -> None:
    regional = _found("us.anthropic.claude-opus-4-5-20251101-v1:0")
    assert regional is not None
    assert regional.output == Decimal("27.5")


def test_the_price_is_that_of_the_day() -> None:
    before, after = _found("o3", date(2025, 5, 1)), _found("o3")
    assert before is not None
    assert after is not None
    assert before.output == 5 * (after.output or 0)


def test_of_long_requests_the_dearest_price_counts() -> None:
    found = _found("gemini-2.5-pro")
    assert found == HighestPrices(Decimal("2.5"), Decimal(15))
