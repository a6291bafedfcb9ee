"""The text of an article to embed: where it is cut, and when its hash changes."""

import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.knowledge.embedding.texts.text import (
    DEFAULT_DIMENSION,
    DEFAULT_MODEL,
    TEXT_CHARACTERS,
    article_text,
    content_hash,
    cut,
    is_embedded,
    legacy_hash,
)
from loopctl_pipelines_tests.knowledge.embedding.texts.graphemes import (
    CLUSTERS,
    FAMILY,
    clusters,
    longest_start,
)

TEN_MEGABYTES = 10 * 2**20
ACCENT = "\N{COMBINING ACUTE ACCENT}"
any_text = st.text(alphabet=st.characters())  # lone surrogates and NUL are among them


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _is_embedded(stored: str | None, title: str, body: str, model: str = DEFAULT_MODEL) -> bool:
    return is_embedded(stored, model=model, dimension=DEFAULT_DIMENSION, title=title, body=body)


def _shifted(parts: list[str], shift: int) -> str:
    """Return a body whose cut falls `shift` characters into `parts`, the title being `t`."""
    return "x" * (TEXT_CHARACTERS - len("t\n\n") - shift) + "".join(parts)


def test_the_text_is_title_blank_line_and_body() -> None:
    assert article_text("On cuts", "First.\nSecond.") == "On cuts\n\nFirst.\nSecond."


def test_an_empty_body_leaves_the_title_and_the_blank_line() -> None:
    assert article_text("On cuts", "") == "On cuts\n\n"


def test_a_text_of_32_000_characters_is_whole_and_one_more_is_cut_off() -> None:
    body = _shifted([], 0)
    assert article_text("t", body) == "t\n\n" + body
    assert article_text("t", body + "y") == "t\n\n" + body


@given(clusters, st.integers(0, 300))
def test_the_cut_keeps_as_many_whole_clusters_as_fit(parts: list[str], characters: int) -> None:
    kept = cut("".join(parts), characters)
    whole = longest_start(parts, characters)
    # if not even the first cluster fits, it is cut
    assert kept == (whole or "".join(parts)[:characters])


@given(clusters, st.integers(0, 40))
def test_an_article_is_cut_before_the_cluster_that_does_not_fit(
    parts: list[str], shift: int
) -> None:
    before = _shifted([], shift)
    assert article_text("t", before + "".join(parts)) == "t\n\n" + before + longest_start(
        parts, shift
    )


@pytest.mark.parametrize("cluster", [c for c in CLUSTERS if len(c) > 1], ids=ascii)
def test_no_cluster_is_ever_split(cluster: str) -> None:
    for shift in range(1, len(cluster)):
        body = _shifted([cluster, "after"], shift)
        assert article_text("t", body) == "t\n\n" + _shifted([], shift)


def test_a_letter_whose_mark_is_beyond_the_limit_is_cut_with_it() -> None:
    body = _shifted(["e", ACCENT], 1)
    assert article_text("t", body) == "t\n\n" + _shifted([], 1)


def test_only_whole_flags_remain_of_a_row_of_flags() -> None:
    flag = CLUSTERS[9]
    assert cut(flag * 20_000, TEXT_CHARACTERS - 1) == flag * 15_999


def test_a_body_of_emoji_with_joiners_ends_with_a_whole_family() -> None:
    text = article_text("", FAMILY * 10_000)
    assert text == "\n\n" + FAMILY * ((TEXT_CHARACTERS - 2) // len(FAMILY))


def test_a_single_cluster_beyond_the_limit_is_cut_anyway() -> None:
    assert cut("e" + ACCENT * TEXT_CHARACTERS, TEXT_CHARACTERS) == "e" + ACCENT * 31_999
    assert cut("xe" + ACCENT * TEXT_CHARACTERS, TEXT_CHARACTERS) == "x"


@pytest.mark.parametrize("character", ["x", "\N{SNOWMAN}", ACCENT, FAMILY], ids=ascii)
def test_only_the_text_to_embed_is_read_of_ten_megabytes(character: str) -> None:
    body = character * (TEN_MEGABYTES // len(character))
    text = article_text("Title", body)
    assert text == article_text("Title", body[: 2 * TEXT_CHARACTERS])
    assert TEXT_CHARACTERS - len(character) < len(text) <= TEXT_CHARACTERS or character == ACCENT


@given(any_text, any_text)
def test_every_text_can_be_sent_and_stored(title: str, body: str) -> None:
    text = article_text(title, body)
    assert "\x00" not in text
    assert text.encode().decode() == text


def test_nul_and_half_a_surrogate_pair_become_the_replacement_character() -> None:
    text = article_text("a\x00b", "\ud83d and \udc00")
    assert text == "a?b\n\n? and ?".replace("?", "\N{REPLACEMENT CHARACTER}")


@given(st.text(max_size=40), st.integers(1, 4_000), st.text(max_size=40))
def test_the_hash_is_of_the_models_length_the_model_the_dimension_and_the_text(
    model: str, dimension: int, text: str
) -> None:
    assert content_hash(model, dimension, text) == _sha256(
        f"{len(model)}:{model}:{dimension}:{text}"
    )


def test_model_dimension_and_text_cannot_be_confused_in_the_hash() -> None:
    parts = ["", "1", "1:1", "m", "m:1", ":", "1:m"]
    triples = list(itertools.product(parts, (1, 11), parts))
    assert len({content_hash(*triple) for triple in triples}) == len(triples)


@given(clusters)
def test_a_short_texts_old_hash_is_that_of_title_blank_line_and_body(parts: list[str]) -> None:
    body = "".join(parts)
    assert legacy_hash("Title", body) == _sha256(f"Title\n\n{body}")


@given(clusters, st.integers(0, 60))
def test_the_old_hash_is_of_the_first_32_000_clusters(parts: list[str], shift: int) -> None:
    body = _shifted(parts, shift)
    assert legacy_hash("t", body) == _sha256("t\n\n" + _shifted(parts[:shift], shift))


@pytest.mark.parametrize("cluster", CLUSTERS, ids=ascii)
def test_the_old_hash_counts_a_cluster_as_one(cluster: str) -> None:
    counted = "t\n\n" + cluster * (TEXT_CHARACTERS - 3)
    assert legacy_hash("t", cluster * 40_000) == _sha256(counted)


def test_in_the_old_hash_a_titles_last_carriage_return_joins_the_blank_line() -> None:
    counted = "t\r\n\n" + "x" * (TEXT_CHARACTERS - 3)
    assert legacy_hash("t\r", "x" * 40_000) == _sha256(counted)


def test_the_old_hash_of_ten_megabytes_is_that_of_their_start() -> None:
    body = "x" * TEN_MEGABYTES
    assert legacy_hash("t", body) == _sha256("t\n\n" + body[: TEXT_CHARACTERS - 3])


def test_unchanged_content_is_embedded() -> None:
    stored = content_hash(DEFAULT_MODEL, DEFAULT_DIMENSION, article_text("Title", "Body"))
    assert _is_embedded(stored, "Title", "Body")


@pytest.mark.parametrize(
    ("title", "body", "model"),
    [
        ("Title.", "Body", DEFAULT_MODEL),
        ("Title", "Body.", DEFAULT_MODEL),
        ("Title\n\nBody", "", DEFAULT_MODEL),
        ("Title", "Body", "text-embedding-3-large"),
    ],
    ids=["title", "body", "their border", "model"],
)
def test_changed_content_is_not_embedded(title: str, body: str, model: str) -> None:
    stored = content_hash(DEFAULT_MODEL, DEFAULT_DIMENSION, article_text("Title", "Body"))
    assert not _is_embedded(stored, title, body, model)


def test_another_dimension_is_not_embedded() -> None:
    stored = content_hash(DEFAULT_MODEL, 512, article_text("Title", "Body"))
    assert not _is_embedded(stored, "Title", "Body")


def test_an_article_without_a_hash_is_not_embedded() -> None:
    assert not _is_embedded(None, "Title", "Body")


def test_a_change_beyond_the_cut_is_no_change() -> None:
    body = "x" * TEXT_CHARACTERS
    stored = content_hash(DEFAULT_MODEL, DEFAULT_DIMENSION, article_text("Title", body))
    assert _is_embedded(stored, "Title", body + " and more")


def test_the_old_hash_counts_for_the_default_model_only() -> None:
    stored = _sha256("Title\n\nBody")
    assert _is_embedded(stored, "Title", "Body")
    assert not _is_embedded(stored, "Title", "Body", "text-embedding-3-large")
    assert not is_embedded(stored, model=DEFAULT_MODEL, dimension=512, title="Title", body="Body")


def test_the_old_hash_of_other_content_does_not_count() -> None:
    assert not _is_embedded(_sha256("Title\n\nBody"), "Title", "Another body")
