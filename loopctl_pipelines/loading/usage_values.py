"""Parses single cells of a usage file: dollars, tokens, names. Each raises ValueError. Pure."""

import re
import unicodedata
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from functools import cache
from typing import Final

_LONGEST_NAME: Final = 255
# Two of them added up fit bigint: loopctl stores the sum of both kinds of tokens.
MOST: Final = 2**62
_NOT_IN_SLUG: Final = re.compile(r"[^a-z0-9]+")
_PLAIN: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,9})?", re.ASCII)
_CURRENCY: Final = re.compile(
    r"^([+-]?)\s*(?:US)?\$\s*|^([+-]?)\s*USD\s*|\s*(?:(?:US)?\$|USD)$", re.IGNORECASE
)
# how accountants write negative amounts
_PARENTHESES: Final = re.compile(
    r"((?:US)?\$|USD)?\s*\(([^()+-]+)\)\s*((?:US)?\$|USD)?", re.IGNORECASE
)
_DIGITS: Final = 100
_HALF_CHARACTER: Final = re.compile(r"[\ud800-\udfff]")


class CurrencyUnit(StrEnum):
    """What a cost is counted in."""

    DOLLAR = "dollar"
    CENT = "cent"
    MILLICENT = "millicent"
    MICRODOLLAR = "microdollar"


_MILLICENTS: Final = {
    CurrencyUnit.DOLLAR: Decimal(100_000),
    CurrencyUnit.CENT: Decimal(1_000),
    CurrencyUnit.MILLICENT: Decimal(1),
    CurrencyUnit.MICRODOLLAR: Decimal("0.1"),
}
_EXACT: Final = Context(prec=_DIGITS + 30, rounding=ROUND_HALF_UP)


def millicents(
    text: str, decimal: str | None = None, unit: CurrencyUnit = CurrencyUnit.DOLLAR
) -> tuple[int, bool]:
    """Return a cost in millicents, half a millicent rounded away from zero.

    Returns:
        the cost, and whether it was rounded to nothing.

    Raises:
        ValueError: if the text is not a number, or one beyond bigint.
    """
    if not _PLAIN.fullmatch(text):
        text = _CURRENCY.sub(r"\1\2", _signed(text))
    cost = _number(text, decimal)
    # as many digits as the text can have: 28, the default, would round before the rounding
    exact = _EXACT if len(text) <= _DIGITS else Context(len(text) + 30, rounding=ROUND_HALF_UP)
    amount = int(exact.to_integral_value(exact.multiply(cost, _MILLICENTS[unit])))
    if abs(amount) > MOST:
        raise ValueError("is too large a number; expected less than 4.6e13 dollars")
    return amount, amount == 0 and cost != 0


def tokens(text: str, decimal: str | None = None) -> int:
    """Return a whole number, also written as `12.0`.

    Raises:
        ValueError: if the text is not a whole number, or one beyond bigint.
    """
    # 1,234 is no whole number with a decimal comma
    number = _number(text, decimal or ".")
    if number != int(number):
        raise ValueError("is not a whole number; expected 1234")
    return int(number)


def name(text: str) -> str:
    """Return a name that fits loopctl's columns.

    Raises:
        ValueError: if the name is empty, too long, or cannot be stored.
    """
    if not text:
        raise ValueError("is empty; expected a name")
    if len(text) > _LONGEST_NAME:
        raise ValueError(f"is longer than {_LONGEST_NAME} characters; expected a shorter name")
    if "\0" in text:
        raise ValueError("holds a NUL character; expected a name")
    if not text.isascii() and _HALF_CHARACTER.search(text):
        raise ValueError("holds half a character; expected a name")
    return text


def slug(text: str) -> str:
    """Return the slug of a name, of a-z, 0-9 and hyphens; empty if the name has none of them."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _NOT_IN_SLUG.sub("-", plain).strip("-")[:_LONGEST_NAME]


def _signed(text: str) -> str:
    """Return an amount in parentheses with a minus sign instead."""
    found = _PARENTHESES.fullmatch(text)
    if found is None:
        return text
    before, amount, after = found.groups(default="")
    return f"-{before}{amount.strip()}{after}"


def _number(text: str, decimal: str | None) -> Decimal:
    if decimal == "," or not _PLAIN.fullmatch(text):
        text = _plain(text, decimal)
    number = Decimal(text)
    if abs(number) > MOST:
        raise ValueError("is too large a number; expected less than 4.6e18")
    return number


def _plain(text: str, decimal: str | None) -> str:
    """Return a number in groups of thousands, or with a decimal comma, as Python writes it."""
    mark = decimal or "."
    is_either = _grouped(",").fullmatch(text) and _grouped(".").fullmatch(text)
    if decimal is None and is_either and "," in text:
        raise ValueError("is ambiguous; expected --decimal . or --decimal ,")
    if not _grouped(mark).fullmatch(text):
        example = "0.25" if mark == "." else "0,25"
        raise ValueError(f"is not a number; expected {example} (the other mark needs --decimal)")
    other = ".,".replace(mark, "")
    return re.sub(rf"[{other}'\u2019\s]", "", text).replace(mark, ".")


@cache
def _grouped(mark: str) -> re.Pattern[str]:
    """Return the pattern of numbers with this decimal mark; zero has no thousands."""
    other = ".,".replace(mark, "")
    whole = rf"\d+|[1-9]\d{{0,2}}(?P<gap>[{other}'\u2019 \u00a0\u202f])\d{{3}}(?:(?P=gap)\d{{3}})*"
    start = rf"(?=[+-]?[{mark}]?\d)[+-]?(?:{whole})"
    return re.compile(
        rf"{start}?(?:(?<=\d)[{mark}]\d*|[{mark}]\d+)?(?:[eE][+-]?\d{{1,9}})?", re.ASCII
    )
