"""Documents are cut where they may be cut; the sizes are worked examples of loopctl's rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.knowledge.extraction.texts.chunks import CHUNK_BYTES, chunks


def sizes(text: str) -> list[int]:
    return [len(chunk.encode()) for chunk in chunks(text)]


def section(size: int) -> str:
    return "# " + "a" * (size - 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x" * 8_000, [8_000]),
        ("x" * 20_000, [8_000, 8_000, 4_000]),
        ("abcd " * 4_000, [7_999, 7_999, 4_000]),
        ("€" * 3_000, [7_998, 1_002]),
        ("\n".join([section(3_000), section(3_000), section(5_000)]), [6_003, 5_000]),
        ("", []),
        (" \n\t\n", []),
    ],
)
def test_a_text_is_cut_to_these_sizes(text: str, expected: list[int]) -> None:
    assert sizes(text) == expected


def test_a_chunk_begins_at_a_heading_where_sections_fit() -> None:
    parts = chunks("\n".join([section(5_000), section(5_000), section(5_000)]))
    assert [part[:2] for part in parts] == ["# ", "# ", "# "]


@pytest.mark.parametrize("line", ["#" * 7 + " seven", "#word", "text # not at the start"])
def test_a_line_that_is_no_heading_does_not_begin_a_chunk(line: str) -> None:
    text = "\n".join(["a" * 5_000, line, "b" * 2_000, "c" * 5_000])
    assert not any(part.startswith(line) for part in chunks(text))


def test_an_oversized_section_is_cut_between_paragraphs() -> None:
    paragraph = "word " * 600
    parts = chunks("# Long\n\n" + "\n\n".join([paragraph.strip()] * 5))
    assert [part.count("word") % 600 for part in parts] == [0] * len(parts)


def test_ten_thousand_headings_are_joined_into_few_chunks() -> None:
    text = "".join(f"# Heading {number}\n" for number in range(10_000))
    parts = chunks(text)
    assert len(parts) < 30
    assert "".join("".join(part.split()) for part in parts) == "".join(text.split())


@given(st.lists(st.text(max_size=3_000) | st.sampled_from(["\n\n", "\n# h\n", " ", "€" * 900])))
def test_every_chunk_fits_and_no_visible_character_is_lost(pieces: list[str]) -> None:
    text = "".join(pieces)
    parts = chunks(text)
    assert all(len(part.encode()) <= CHUNK_BYTES and part.strip() for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
