"""A rejected batch ends with the texts at fault set aside and all others embedded."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.knowledge.embedding.texts.splitting import Piece, SplitBatch
from loopctl_pipelines.llm.openai.limits import ProviderLimits
from loopctl_pipelines_tests.knowledge.embedding.texts.graphemes import FAMILY

FLOOR = ProviderLimits().input_tokens
TEXTS = [f"text {number}" for number in range(500)]


@dataclass
class Sent:
    """The requests to a provider that rejects by a rule, and their result."""

    requests: int = 0
    embedded: list[Piece] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    gave_up: bool = False

    @property
    def texts(self) -> list[str]:
        return sorted(piece.text for piece in self.embedded)


def send(
    texts: Sequence[str],
    rejects: Callable[[Sequence[str]], bool],
    limits: ProviderLimits | None = None,
) -> Sent:
    batch, sent = SplitBatch(texts, limits), Sent()
    while pieces := batch.next_request():
        sent.requests += 1
        if rejects([piece.sent for piece in pieces]):
            batch.rejected(pieces)
        else:
            batch.accepted()
            sent.embedded.extend(pieces)
    sent.set_aside, sent.gave_up = batch.set_aside, batch.gave_up
    return sent


def any_of(bad: Collection[str]) -> Callable[[Sequence[str]], bool]:
    return lambda sent: any(text in bad for text in sent)


def longer_than(characters: int) -> Callable[[Sequence[str]], bool]:
    return lambda sent: any(len(text) > characters for text in sent)


def everything(_: Sequence[str]) -> bool:
    return True


def test_an_accepted_batch_is_one_request() -> None:
    sent = send(TEXTS, any_of(()))
    assert (sent.requests, sent.texts, sent.set_aside) == (1, sorted(TEXTS), [])


def test_an_empty_batch_is_no_request() -> None:
    assert SplitBatch([]).next_request() is None


def test_of_500_with_one_bad_anywhere_the_other_499_are_embedded_in_19_requests() -> None:
    for bad in TEXTS:
        sent = send(TEXTS, any_of({bad}))
        assert sent.requests <= 19
        assert sent.set_aside == [bad]
        assert sent.texts == sorted(set(TEXTS) - {bad})
        assert not sent.gave_up


@given(st.integers(1, 300), st.data())
def test_one_bad_of_n_costs_two_requests_per_halving_and_one(
    count: int, data: st.DataObject
) -> None:
    bad = data.draw(st.integers(0, count - 1))
    sent = send(TEXTS[:count], any_of({TEXTS[bad]}))
    assert sent.requests <= 2 * (count - 1).bit_length() + 1
    assert sent.set_aside == [TEXTS[bad]]


@given(st.integers(1, 200), st.data())
def test_every_text_ends_embedded_or_set_aside_and_only_bad_ones_set_aside(
    count: int, data: st.DataObject
) -> None:
    texts = TEXTS[:count]
    bad = data.draw(st.sets(st.sampled_from(texts), max_size=max(0, count // 20)))
    sent = send(texts, any_of(bad))
    assert sorted(sent.set_aside) == sorted(bad)
    assert sent.texts == sorted(set(texts) - bad)


@given(st.integers(1, 2_048), st.data())
def test_whatever_is_rejected_each_text_ends_in_one_place(count: int, data: st.DataObject) -> None:
    texts = [f"text {number}" for number in range(count)]
    seed = data.draw(st.integers(0, 2**32))
    sent = send(texts, lambda pieces: crc32(f"{seed} {pieces}".encode()) % 3 != 0)
    assert sorted([*sent.texts, *sent.set_aside]) == sorted(texts)
    assert sent.requests <= 2 * count - 1


@pytest.mark.parametrize("count", [16, 17, 500, 2_048])
def test_if_every_part_is_rejected_the_request_is_at_fault(count: int) -> None:
    texts = [f"text {number}" for number in range(count)]
    sent = send(texts, everything)
    assert sent.gave_up
    # 31 rejections, then down to two texts
    assert sent.requests <= 31 + (count // 16).bit_length() + 1
    assert sorted(sent.set_aside) == sorted(texts)


@pytest.mark.parametrize("place", [0, 77, 127])
def test_one_bad_text_in_every_part_of_the_batch_is_not_the_fault_of_the_request(
    place: int,
) -> None:
    texts = [f"text {number}" for number in range(2_048)]
    bad = set(texts[place::128])
    sent = send(texts, any_of(bad))
    assert not sent.gave_up
    assert sorted(sent.set_aside) == sorted(bad)
    assert sent.texts == sorted(set(texts) - bad)


def test_before_it_gives_up_it_has_tried_every_part_of_the_batch() -> None:
    good = {number for number in range(2_048) if number % 128 == 77}
    texts = [f"text {number}" for number in range(2_048)]
    sent = send(texts, any_of({texts[n] for n in range(2_048) if n not in good}))
    assert sent.gave_up
    # one good one in each sixteenth is not enough; a sixteenth that is good, anywhere, is
    for sixteenth in range(16):
        part = texts[128 * sixteenth : 128 * (sixteenth + 1)]
        sent = send(texts, any_of(set(texts) - set(part)))
        assert not sent.gave_up
        assert sent.texts == sorted(part)


def test_after_one_acceptance_it_never_gives_up() -> None:
    bad = set(TEXTS[100:])
    sent = send(TEXTS, any_of(bad))
    assert not sent.gave_up
    assert sorted(sent.set_aside) == sorted(bad)


def test_a_text_that_is_too_long_is_halved_until_it_is_accepted() -> None:
    article = "x" * 32_000
    sent = send([article], longer_than(10_000))
    assert [len(piece.sent) for piece in sent.embedded] == [8_000]
    assert sent.requests == 3


def test_a_halved_text_keeps_its_whole_text_for_the_hash() -> None:
    article = "x" * 32_000
    [piece] = send([article], longer_than(10_000)).embedded
    assert piece.text == article


def test_a_text_is_halved_between_two_graphemes() -> None:
    article = FAMILY * 4_000
    [piece] = send([article], longer_than(10_000)).embedded
    assert piece.sent == FAMILY * (len(piece.sent) // len(FAMILY))
    assert 5_000 - len(FAMILY) < len(piece.sent) <= 10_000


def test_a_text_that_certainly_fits_is_not_halved() -> None:
    sent = send(["x" * FLOOR], everything)
    assert (sent.requests, sent.set_aside) == (1, ["x" * FLOOR])


def test_a_long_text_that_is_rejected_down_to_the_floor_is_set_aside_whole() -> None:
    sent = send(["x" * 32_000], everything)
    assert sent.set_aside == ["x" * 32_000]
    assert sent.requests == 3  # 32,000, 16,000 and 8,000 characters


@pytest.mark.parametrize("characters", [1, 2, 3])
def test_no_floor_is_so_low_that_nothing_would_be_sent(characters: int) -> None:
    lengths: list[int] = []

    def rejects(sent: Sequence[str]) -> bool:
        lengths.extend(map(len, sent))
        return True

    send(["\N{GRINNING FACE}" * characters], rejects, ProviderLimits(input_tokens=1))
    assert min(lengths) == 1


def test_a_batch_of_texts_that_are_all_too_long_is_embedded_as_far_as_each_fits() -> None:
    articles = [f"{number}".ljust(32_000, "x") for number in range(73)]
    sent = send(articles, longer_than(10_000))
    assert sent.texts == sorted(articles)
    assert {len(piece.sent) for piece in sent.embedded} == {8_000}
    assert not sent.gave_up


@pytest.mark.parametrize("characters", [8_193, 16_000, 32_000, 128_000])
@pytest.mark.parametrize("count", [16, 18, 73, 500])
def test_long_texts_do_not_hide_that_the_request_is_at_fault(count: int, characters: int) -> None:
    articles = [f"{number}".ljust(characters, "x") for number in range(count)]
    sent = send(articles, everything)
    assert sent.gave_up
    assert sorted(sent.set_aside) == sorted(articles)
    # 31 rejections, then down to two texts, and each of them down to the floor
    assert sent.requests <= 31 + (count // 16).bit_length() + 2 * 5


def sizes_sent(count: int, limit: int, limits: ProviderLimits | None = None) -> list[int]:
    """Return the sizes of the requests to a provider that takes at most `limit` texts."""
    texts = [f"text {number}" for number in range(count)]
    batch, sizes, most_texts = SplitBatch(texts, limits), list[int](), None
    while pieces := batch.next_request(most_texts):
        sizes.append(len(pieces))
        if len(pieces) > limit:
            batch.rejected(pieces)
        else:
            most_texts = batch.accepted(pieces) or most_texts
    assert batch.set_aside == []
    return sizes


@pytest.mark.parametrize("limit", [1, 10, 32, 1_024])
def test_a_limit_of_texts_is_found_once_and_then_kept(limit: int) -> None:
    sizes = sizes_sent(2_048, limit)
    rejected = [size for size in sizes if size > limit]
    # every sixteenth once, then one part down to the limit
    assert len(rejected) <= 31 + 11
    assert sum(sizes) - sum(rejected) == 2_048


def test_a_rejected_text_is_no_limit_of_texts() -> None:
    batch = SplitBatch(TEXTS)
    while pieces := batch.next_request():
        if any(piece.text == TEXTS[7] for piece in pieces):
            batch.rejected(pieces)
        else:
            assert batch.accepted(pieces) is None


def test_a_request_of_too_many_tokens_is_no_limit_of_texts() -> None:
    batch = SplitBatch(["a" * 100, "b" * 100], ProviderLimits(request_tokens=150))
    batch.rejected(batch.next_request() or ())
    while pieces := batch.next_request():
        assert batch.accepted(pieces) is None
