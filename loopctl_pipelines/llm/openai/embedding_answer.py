"""The provider's answer, believed only after every value of it was checked. Pure."""

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
    """Vectors of a request, in the order of its texts.

    Attributes:
        vectors: float32, one row a text, as many columns as dimensions, all finite.
        tokens: tokens the provider billed; 0 where it does not say.
    """

    vectors: npt.NDArray[np.float32]
    tokens: int


def read_answer(body: bytes, *, count: int, dimension: int) -> Embedded | None:
    """Return the vectors, or None where the answer is not exactly one valid vector per text.

    The index of each must be its place: a permuted answer is wrong, not merely unsorted. A vector
    whose squared length is zero or infinite in float32 has no direction in pgvector, which counts
    in that type: its cosine distance to anything is NaN.
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
        raise ValueError("as many vectors as texts")
    vectors = np.empty((count, dimension), dtype=np.float32)
    for place, item in enumerate(data):
        if type(item["index"]) is not int or item["index"] != place:
            raise ValueError("in the order of the texts")
        vectors[place] = _vector(item["embedding"], dimension)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        squares = np.einsum("ij,ij->i", vectors, vectors)
    if not (np.isfinite(squares) & (squares > 0)).all():
        raise ValueError("finite, and not zero")
    return vectors


def _vector(values: object, dimension: int) -> npt.NDArray[np.float32]:
    """Read a list of numbers, or little-endian float32 in base64."""
    if type(values) is str:
        vector = np.frombuffer(base64.b64decode(values, validate=True), dtype="<f4")
    elif type(values) is list and set(map(type, values)) <= {int, float}:
        with np.errstate(over="ignore"):  # too large for float32 becomes infinite, and is refused
            vector = np.array(values, dtype=np.float64).astype(np.float32)
    else:
        raise ValueError("numbers only")
    if len(vector) != dimension:
        raise ValueError("of the dimension asked for")
    return vector


def _tokens(usage: object) -> int:
    if type(usage) is not dict:
        return 0
    for tokens in (usage.get("prompt_tokens"), usage.get("total_tokens")):
        if type(tokens) is int and 0 < tokens <= _MOST_TOKENS:
            return tokens
    return 0
