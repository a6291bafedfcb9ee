"""Parses single cells of a usage file: dollars, tokens, times, names. Each raises ValueError."""

import re
import unicodedata
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Final

from loopctl_pipelines.costs.display.money import MILLICENTS_PER_DOLLAR

_LONGEST_NAME: Final = 255
# Two of them added up fit bigint: loopctl stores the sum of both kinds of tokens.
_MOST_TOKENS: Final = 2**62
_MOST_MILLICENTS: Final = 2**62
_NOT_IN_SLUG: Final = re.compile(r"[^a-z0-9]+")


def millicents(text: str) -> int:
    """Return US dollars as millicents, exact, half a millicent rounded away from zero.

    Raises:
        ValueError: if the text is not a number, or one beyond bigint.
    """
    dollars = _number(text, _MOST_MILLICENTS // MILLICENTS_PER_DOLLAR)
    # as many digits as the text can have: 28, the default, would round before the rounding
    exact = Context(prec=len(text) + 30, rounding=ROUND_HALF_UP)
    return int(exact.to_integral_value(exact.multiply(dollars, Decimal(MILLICENTS_PER_DOLLAR))))


def tokens(text: str) -> int:
    """Return a whole number, also written as `12.0`.

    Raises:
        ValueError: if the text is not a whole number, or one beyond bigint.
    """
    number = _number(text, _MOST_TOKENS)
    if number != int(number):
        raise ValueError("is not a whole number")
    return int(number)


def utc(text: str) -> datetime:
    """Return an ISO 8601 time as naive UTC; a time without an offset is UTC already.

    Raises:
        ValueError: if the text is not an ISO 8601 time.
    """
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo is None else at.astimezone(UTC)).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise ValueError("is not a time such as 2026-04-02T13:00:00Z") from None


def name(text: str) -> str:
    """Return a name that fits loopctl's columns.

    Raises:
        ValueError: if the name is empty, too long, or cannot be stored.
    """
    if not text:
        raise ValueError("is empty")
    if len(text) > _LONGEST_NAME:
        raise ValueError(f"is longer than {_LONGEST_NAME} characters")
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


def slug(text: str) -> str:
    """Return the slug of a name, of a-z, 0-9 and hyphens; empty if the name has none of them."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _NOT_IN_SLUG.sub("-", plain).strip("-")[:_LONGEST_NAME]


def _number(text: str, most: int) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("is not a number") from None
    if not number.is_finite():
        raise ValueError("is not a number")
    if abs(number) > most:
        raise ValueError("is too large a number")
    return number
