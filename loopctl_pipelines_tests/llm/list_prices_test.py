"""Dollars by list price are exact where the price is known, and unknown where it is not."""

import subprocess
import sys
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

import pytest

from loopctl_pipelines.llm.anthropic.tenant_settings import DEFAULT_MODEL
from loopctl_pipelines.llm.list_prices import ListPrice, dollars_by_list_price, list_price

DEAR = "claude-opus-4-5"
UNKNOWN = "claude-of-tomorrow"


@pytest.mark.parametrize(
    ("vendor", "model", "dollars"),
    [
        ("anthropic", DEFAULT_MODEL, "3.50"),
        ("anthropic", DEAR, "17.50"),
        # a request of more than 200,000 tokens would cost twice as much; none is so long
        ("anthropic", "claude-sonnet-4-5", "10.50"),
    ],
)
def test_a_known_model_costs_its_list_price(vendor: str, model: str, dollars: str) -> None:
    assert dollars_by_list_price(vendor, model, 1_000_000, 500_000) == Decimal(dollars)


def test_a_few_tokens_are_exact_to_a_millionth_of_a_dollar() -> None:
    assert dollars_by_list_price("anthropic", DEFAULT_MODEL, 3, 7) == Decimal("0.000038")


def test_no_tokens_cost_nothing() -> None:
    assert dollars_by_list_price("anthropic", DEFAULT_MODEL, 0, 0) == 0
    assert str(list_price("anthropic", {})) == "0.0000"


def test_an_embedding_has_no_price_of_output_and_needs_none() -> None:
    model = "text-embedding-3-small"
    assert dollars_by_list_price("openai", model, 1_000_000, 0) == Decimal("0.02")
    assert dollars_by_list_price("openai", model, 1_000_000, 1) is None


@pytest.mark.parametrize(
    ("vendor", "model"),
    [
        ("anthropic", UNKNOWN),
        ("anthropic", "gpt-4o"),
        ("anthropic", ""),
        ("anthropic", "\x1b[2J\0"),
        ("acme", DEFAULT_MODEL),
        ("openai", "whisper-1"),
    ],
)
def test_what_has_no_list_price_is_unknown(vendor: str, model: str) -> None:
    assert dollars_by_list_price(vendor, model, 10, 10) is None


def test_a_cost_is_never_shown_as_0() -> None:
    assert str(list_price("anthropic", {DEFAULT_MODEL: (3, 7)})) == "0.0001"
    assert str(ListPrice(Decimal("1.23451"))) == "1.2346"
    assert str(ListPrice(Decimal("1.23459"), unknown_models=1)) == "unknown, at least 1.2345"


def test_a_sum_with_an_unknown_model_is_not_shown_as_the_whole() -> None:
    known = list_price("anthropic", {DEFAULT_MODEL: (1_000_000, 0), DEAR: (1_000_000, 0)})
    assert known == ListPrice(Decimal(6))
    assert str(known) == "6.0000"
    unknown = list_price("anthropic", {UNKNOWN: (1_000_000, 0)})
    assert str(unknown) == "unknown"
    assert str(known + unknown) == "unknown, at least 6.0000"


_OFFLINE = f"""
import socket, threading

def refuse(*_arguments, **_options):
    raise AssertionError("the network was used")

socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
from loopctl_pipelines.llm.list_prices import dollars_by_list_price
assert dollars_by_list_price("anthropic", "{DEFAULT_MODEL}", 1, 1)
assert dollars_by_list_price("anthropic", "{UNKNOWN}", 1, 1) is None
assert threading.active_count() == 1, threading.enumerate()
"""


def test_prices_are_asked_for_without_network_and_without_a_thread() -> None:
    subprocess.run([sys.executable, "-c", _OFFLINE], check=True)


def test_the_documentation_names_the_price_list_that_is_installed() -> None:
    page = Path(__file__).parents[2] / "docs" / "extraction.md"
    assert f"`genai-prices` {version('genai-prices')}" in page.read_text(encoding="utf-8")
