"""Slugs of articles."""

from loopctl_pipelines.knowledge.articles.slugs import slug


def test_a_slug_is_the_title_and_six_hex_digits() -> None:
    text = slug("Ecto.Multi: Pattern!", "key")
    assert text.startswith("ectomulti-pattern-")
    assert len(text) == len("ectomulti-pattern-") + 6
    assert slug("Ecto.Multi: Pattern!", "other key") != text


def test_a_title_of_any_characters_has_a_slug() -> None:
    assert slug("日本語", "key").strip("-0123456789abcdef") == ""
    assert len(slug("x" * 500, "key")) <= 64
