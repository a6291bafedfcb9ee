"""Reads the provider's answer and checks every value in it. Pure."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from loopctl_pipelines.llm.failures import MOST_NUMBERS, FailureKind, ProviderFailure

# the ledger's column is a 32-bit integer
_MOST_TOKENS = 2**31 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """The vectors of a request, in the order of its texts.

    Attributes:
        vectors: float32, shape (texts, column), all finite; the numbers that the model does not
            give are zeros, which change neither a cosine similarity nor an order.
        tokens: tokens the provider billed; 0 if it does not say.
        dimension: numbers that the model gives.
    """

    vectors: npt.NDArray[np.float32]
    tokens: int
    dimension: int


def read_answer(body: bytes, *, count: int, column: int) -> Embedded | ProviderFailure | None:
    """Return the vectors, or None if the answer is not exactly one valid vector per text.

    A vector whose squared length is zero or infinite in float32, in which pgvector computes, has no
    direction: its cosine distance to anything is NaN.

    Args:
        body: of an answer with status 200.
        count: of the texts.
        column: numbers that the database's column holds.

    Returns:
        A failure with its size, if the vectors are larger than the column, or there is none.
    """
    try:
        answer = json.loads(body, parse_constant=_no_constant)
        data = answer["data"]
        if data == []:
            return ProviderFailure(FailureKind.MALFORMED, size=0)
        vectors = _vectors(data, count)
        dimension = vectors.shape[1]
        if dimension > column:
            return ProviderFailure(FailureKind.WRONG_SIZE, size=min(dimension, MOST_NUMBERS))
        return Embedded(_padded(vectors, column), _tokens(answer.get("usage")), dimension)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _vectors(data: object, count: int) -> npt.NDArray[np.float32]:
    """Return the vectors as the model gave them, all of one size."""
    if type(data) is not list or len(data) != count:
        raise ValueError("not as many vectors as texts")
    vectors: npt.NDArray[np.float32] | None = None
    for place, item in zip(_places(data), data, strict=True):
        vector = _vector(item["embedding"])
        if vectors is None:
            vectors = np.empty((count, len(vector)), dtype=np.float32)
        if vectors.shape[1] != len(vector):
            raise ValueError("not of one size")
        vectors[place] = vector
    if vectors is None:
        raise ValueError("no vector")
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        squares = np.einsum("ij,ij->i", vectors, vectors)
    if not (np.isfinite(squares) & (squares > 0)).all():
        raise ValueError("infinite or zero")
    return vectors


def _places(data: Sequence[Any]) -> Sequence[int]:
    """Return whose text each item is: by index, or by position if no item has one.

    Servers that leave out zeros leave out the index of the first text only.
    """
    indexes = [_index(item.get("index")) for item in data]
    if all(index is None for index in indexes):
        return range(len(data))
    if indexes.count(None) == 1:
        indexes[indexes.index(None)] = 0
    places = [index for index in indexes if index is not None]
    if sorted(places) != list(range(len(data))):
        raise ValueError("an index is missing, or there twice")
    return places


def _index(value: object) -> int | None:
    if value is None or type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    raise ValueError("not an index")


def _vector(values: object) -> npt.NDArray[np.float32]:
    """Read a list of numbers, or little-endian float32 in base64."""
    if type(values) is str:
        return np.frombuffer(base64.b64decode(values, validate=True), dtype="<f4")
    if type(values) is list and set(map(type, values)) <= {int, float}:
        with np.errstate(over="ignore"):  # too large for float32: infinite, rejected
            return np.array(values, dtype=np.float64).astype(np.float32)
    raise ValueError("not numbers")


def _padded(vectors: npt.NDArray[np.float32], column: int) -> npt.NDArray[np.float32]:
    missing = column - vectors.shape[1]
    return np.pad(vectors, ((0, 0), (0, missing))) if missing else vectors


def _tokens(usage: object) -> int:
    if type(usage) is not dict:
        return 0
    for tokens in (usage.get("prompt_tokens"), usage.get("total_tokens")):
        if type(tokens) is int and 0 < tokens <= _MOST_TOKENS:
            return tokens
    return 0
