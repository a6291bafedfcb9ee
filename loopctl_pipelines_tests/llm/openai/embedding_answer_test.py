"""An answer is one valid vector per text, in their order, or it is rejected."""

import base64
import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.openai.embedding_answer import Embedded, read_answer

COUNT, DIMENSION = 3, 4
numbers = st.floats(width=32, min_value=0.001953125, max_value=1e6)
vectors = st.lists(
    st.lists(numbers, min_size=DIMENSION, max_size=DIMENSION), min_size=COUNT, max_size=COUNT
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def _as_base64(values: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()


def _answer(**changes: object) -> dict[str, Any]:
    items = [
        {"object": "embedding", "index": place, "embedding": [place + 1.0] * DIMENSION}
        for place in range(COUNT)
    ]
    usage = {"prompt_tokens": 7, "total_tokens": 7}
    return {"object": "list", "model": "m", "data": items, "usage": usage, **changes}


def _with_item(**changes: object) -> dict[str, Any]:
    answer = _answer()
    answer["data"][1] |= changes
    return answer


def _with_vector(vector: object) -> dict[str, Any]:
    return _with_item(embedding=vector)


def _read(answer: object) -> Embedded | ProviderFailure | None:
    return read_answer(json.dumps(answer).encode(), count=COUNT, column=DIMENSION)


def _indexed(*indexes: object) -> dict[str, Any]:
    """Return an answer with these indexes; the vector of each item tells its position."""
    answer = _answer()
    for item, index in zip(answer["data"], indexes, strict=True):
        item["index"] = index
        if index is ...:
            del item["index"]
    return answer


def _sized(size: int) -> dict[str, Any]:
    return _answer(data=[{"index": n, "embedding": [n + 1.0] * size} for n in range(COUNT)])


@given(vectors, st.booleans())
def test_vectors_arrive_as_they_were_sent(sent: list[list[float]], as_base64: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
    answer = _answer()
    for item, vector in zip(answer["data"], sent, strict=True):
        item["embedding"] = _as_base64(vector) if as_base64 else vector
    read = _read(answer)
    assert isinstance(read, Embedded)
    assert read.vectors.tolist() == sent


def test_vectors_are_float32_one_row_per_text() -> None:
    read = _read(_answer())
    assert isinstance(read, Embedded)
    assert (read.vectors.shape, read.vectors.dtype) == ((COUNT, DIMENSION), np.dtype(np.float32))


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer_or_none(body: bytes) -> None:
    assert read_answer(body, count=1, column=1) is None


@given(json_values, st.sampled_from(["data", "item", "index", "embedding", "usage"]))
def test_any_json_in_any_place_is_an_answer_or_none(value: object, place: str) -> None:
    answer = (
        _answer(**{place: value}) if place in {"data", "usage"} else _with_item(**{place: value})
    )
    if place == "item":
        answer["data"][2] = value
    read = _read(answer)
    assert not isinstance(read, Embedded) or np.isfinite(read.vectors).all()


WRONG: dict[str, object] = {
    "too few": _answer(data=_answer()["data"][:-1]),
    "too many": _answer(data=[*_answer()["data"], {"index": 3, "embedding": [1.0] * DIMENSION}]),
    "null for all": _answer(data=None),
    "an object of them": _answer(data={str(i["index"]): i for i in _answer()["data"]}),
    "an index twice": _with_item(index=0),
    "index true": _with_item(index=True),
    "index 1.5": _with_item(index=1.5),
    "index as text": _with_item(index="1"),
    "index 0 and one without": _with_item(index=None),
    "two without an index": _indexed(..., ..., 2),
    "an index missing": _indexed(0, 1, 3),
    "indexes from 1": _indexed(1, 2, 3),
    "null": _with_vector(None),
    "empty": _with_vector([]),
    "a dimension less": _with_vector([1.0] * (DIMENSION - 1)),
    "a dimension more": _with_vector([1.0] * (DIMENSION + 1)),
    "null within": _with_vector([1.0, None, 1.0, 1.0]),
    "text within": _with_vector([1.0, "1.0", 1.0, 1.0]),
    "true within": _with_vector([1.0, True, 1.0, 1.0]),
    "nested": _with_vector([[1.0] * DIMENSION]),
    "NaN": _with_vector([1.0, float("nan"), 1.0, 1.0]),
    "infinity": _with_vector([1.0, float("inf"), 1.0, 1.0]),
    "too large for float32": _with_vector([1.0, 10**39, 1.0, 1.0]),
    "too large for any float": _with_vector([1.0, 10**400, 1.0, 1.0]),
    "zeros": _with_vector([0.0] * DIMENSION),
    "zeros in float32": _with_vector([1e-50] * DIMENSION),
    "too short for a direction": _with_vector([1e-30] * DIMENSION),
    "too long for a direction": _with_vector([1e30] * DIMENSION),
    "NaN in base64": _with_vector(_as_base64([1.0, float("nan"), 1.0, 1.0])),
    "infinity in base64": _with_vector(_as_base64([1.0, float("-inf"), 1.0, 1.0])),
    "zeros in base64": _with_vector(_as_base64([0.0] * DIMENSION)),
    "a dimension less in base64": _with_vector(_as_base64([1.0] * (DIMENSION - 1))),
    "half a number in base64": _with_vector(_as_base64([1.0] * DIMENSION)[:-4]),
    "no base64": _with_vector("not base64!"),
    "empty base64": _with_vector(""),
    "an error object": {"error": {"message": "all is lost", "code": 500}},
    "a list": [],
    "null instead": None,
    "a text": "text",
    "a number": 5,
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_answer_is_none(wrong: str) -> None:
    assert _read(WRONG[wrong]) is None


IN_ORDER: dict[str, dict[str, Any]] = {
    "no index": _indexed(..., ..., ...),
    "null for each": _indexed(None, None, None),
    "no index of the first": _indexed(..., 1, 2),
    "null for the first": _indexed(None, 1, 2),
    "whole floats": _indexed(0.0, 1.0, 2.0),
}
OUT_OF_ORDER: dict[str, dict[str, Any]] = {
    "each with its index": _indexed(2, 0, 1),
    "whole floats": _indexed(2.0, 0.0, 1.0),
    "no index of text 0": _indexed(2, ..., 1),
}


@pytest.mark.parametrize("shape", IN_ORDER)
def test_vectors_without_an_index_belong_to_the_texts_by_position(shape: str) -> None:
    read = _read(IN_ORDER[shape])
    assert isinstance(read, Embedded)
    assert read.vectors[:, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("shape", OUT_OF_ORDER)
def test_vectors_in_another_order_are_put_in_order_by_their_index(shape: str) -> None:
    read = _read(OUT_OF_ORDER[shape])
    assert isinstance(read, Embedded)
    assert read.vectors[:, 0].tolist() == [2, 3, 1]


@pytest.mark.parametrize("as_base64", [False, True])
def test_vectors_smaller_than_the_column_are_filled_with_zeros(*, as_base64: bool) -> None:
    answer = _sized(DIMENSION - 1)
    if as_base64:
        for item in answer["data"]:
            item["embedding"] = _as_base64(item["embedding"])
    read = _read(answer)
    assert isinstance(read, Embedded)
    assert read.dimension == DIMENSION - 1
    assert read.vectors.tolist() == [[n, n, n, 0] for n in (1.0, 2.0, 3.0)]


def test_zeros_at_the_end_change_neither_a_distance_nor_an_order(database: Database) -> None:
    small = np.random.default_rng(1).standard_normal((4, 3))
    padded = np.pad(small, ((0, 0), (0, 2)))
    with database.operator_transaction() as connection:
        for one, filled in zip(small, padded, strict=True):
            row = connection.execute(
                "SELECT %s::vector <=> %s::vector, %s::vector <=> %s::vector",
                [str(vector.tolist()) for vector in (small[0], one, padded[0], filled)],
            ).fetchone()
            assert row is not None
            assert row[0] == pytest.approx(row[1], abs=1e-6)


def test_vectors_larger_than_the_column_are_reported_by_their_size() -> None:
    assert _read(_sized(3_072)) == ProviderFailure(FailureKind.WRONG_SIZE, size=3_072)


def test_an_answer_without_any_vector_says_so() -> None:
    assert _read(_answer(data=[])) == ProviderFailure(FailureKind.MALFORMED, size=0)


@pytest.mark.parametrize("length", [1e-30, 1e30])
def test_pgvector_has_no_distance_to_the_vectors_that_are_too_short_or_too_long(
    database: Database, length: float
) -> None:
    with database.operator_transaction() as connection:
        distance = connection.execute(
            "SELECT %(vector)s::vector <=> %(vector)s::vector",
            {"vector": str([length] * DIMENSION)},
        ).fetchone()
    assert distance == (pytest.approx(float("nan"), nan_ok=True),)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>502 Bad Gateway</body></html>",
        json.dumps(_answer()).encode()[:-1],
        json.dumps(_answer()).encode() + b"{}",
        b"[" * 100_000,
        b'{"data": [{"index": 0, "embedding": [1e999, 1, 1, 1]}]}',
        b'{"data": ' + b"9" * 10_000 + b"}",
        b"\xff\xfe\x00",
    ],
    ids=lambda body: ascii(body[:30]),
)
def test_a_body_that_is_not_json_is_none(body: bytes) -> None:
    assert read_answer(body, count=COUNT, column=DIMENSION) is None


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 7, "total_tokens": 9}, 7),
        ({"total_tokens": 9}, 9),
        ({"prompt_tokens": 0, "total_tokens": 9}, 9),
        ({"prompt_tokens": -1, "total_tokens": 9}, 9),
        ({"prompt_tokens": 7.0}, 0),
        ({"prompt_tokens": "7"}, 0),
        ({"prompt_tokens": True}, 0),
        ({"prompt_tokens": 2**31 - 1}, 2**31 - 1),
        ({"prompt_tokens": 2**31}, 0),
        ({}, 0),
        (None, 0),
        ([7], 0),
    ],
)
def test_tokens_are_the_billed_ones_or_0(usage: object, tokens: int) -> None:
    read = _read(_answer(usage=usage))
    assert isinstance(read, Embedded)
    assert read.tokens == tokens


def test_an_answer_without_usage_is_accepted() -> None:
    answer = _answer()
    del answer["usage"]
    read = _read(answer)
    assert isinstance(read, Embedded)
    assert read.tokens == 0
