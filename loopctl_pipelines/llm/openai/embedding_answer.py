"""Reads the provider's answer and checks every value in it. Pure."""

import base64
import json
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import numpy.typing as npt

# the ledger's column is a 32-bit integer
_MOST_TOKENS = 2**31 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """The vectors of a request, in the order of its texts.

    Attributes:
        vectors: float32, shape (texts, dimension), all finite.
        tokens: tokens the provider billed; 0 if it does not say.
    """

    vectors: npt.NDArray[np.float32]
    tokens: int


def read_answer(body: bytes, *, count: int, dimension: int) -> Embedded | None:
    """Return the vectors, or None if the answer is not exactly one valid vector per text.

    Each index must be the vector's position: a permuted answer is wrong, not merely unsorted. A
    vector whose squared length is zero or infinite in float32, in which pgvector computes, has no
    direction: its cosine distance to anything is NaN.
    """
    try:
        answer = json.loads(body, parse_constant=_no_constant)
        vectors = _vectors(answer["data"], count, dimension)
        return Embedded(vectors, _tokens(answer.get("usage")))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _vectors(data: object, count: int, dimension: int) -> npt.NDArray[np.float32]:
    if type(data) is not list or len(data) != count:
        raise ValueError("not as many vectors as texts")
    vectors = np.empty((count, dimension), dtype=np.float32)
    for position, item in enumerate(data):
        if type(item["index"]) is not int or item["index"] != position:
            raise ValueError("not in the order of the texts")
        vectors[position] = _vector(item["embedding"], dimension)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        squares = np.einsum("ij,ij->i", vectors, vectors)
    if not (np.isfinite(squares) & (squares > 0)).all():
        raise ValueError("infinite or zero")
    return vectors


def _vector(values: object, dimension: int) -> npt.NDArray[np.float32]:
    """Read a list of numbers, or little-endian float32 in base64."""
    if type(values) is str:
        vector = np.frombuffer(base64.b64decode(values, validate=True), dtype="<f4")
    elif type(values) is list and set(map(type, values)) <= {int, float}:
        with np.errstate(over="ignore"):  # too large for float32: infinite, rejected
            vector = np.array(values, dtype=np.float64).astype(np.float32)
    else:
        raise ValueError("not numbers")
    if len(vector) != dimension:
        raise ValueError("not of the requested dimension")
    return vector


def _tokens(usage: object) -> int:
    if type(usage) is not dict:
        return 0
    for tokens in (usage.get("prompt_tokens"), usage.get("total_tokens")):
        if type(tokens) is int and 0 < tokens <= _MOST_TOKENS:
            return tokens
    return 0
