"""A model may answer anything; what is kept fits loopctl's columns."""

import pytest

from loopctl_pipelines.knowledge.extraction.texts.extracted import Extraction, read_extraction

GOOD = {"title": "A title", "body": "A body.", "category": "finding", "tags": ["one"]}


def read(*items: object, most: int = 10) -> Extraction:
    extraction = read_extraction({"articles": list(items)}, most)
    assert extraction is not None
    return extraction


def test_an_article_is_kept_as_it_is() -> None:
    (article,) = read(GOOD).articles
    assert (article.title, article.body, article.category, article.tags) == (
        "A title",
        "A body.",
        "finding",
        ("one",),
    )


@pytest.mark.parametrize("tool_input", [{}, {"articles": "prose"}, {"articles": {"title": "x"}}])
def test_an_answer_without_a_list_is_no_extraction(tool_input: dict[str, object]) -> None:
    assert read_extraction(tool_input, 10) is None


def test_an_empty_list_is_a_result() -> None:
    assert read() == Extraction()


@pytest.mark.parametrize(
    "item",
    [
        "prose",
        None,
        ["title"],
        {**GOOD, "title": " "},
        {**GOOD, "title": "x" * 501},
        {**GOOD, "title": 7},
        {**GOOD, "body": "\0\n"},
        {**GOOD, "body": "x" * 100_001},
        {**GOOD, "category": "gossip"},
        {name: value for name, value in GOOD.items() if name != "body"},
    ],
)
def test_an_item_that_is_no_article_is_dropped_and_counted(item: object) -> None:
    extraction = read(item, GOOD)
    assert len(extraction.articles) == 1
    assert extraction.invalid == 1


@pytest.mark.parametrize("tags", [["Fine", "two words", 7, "x" * 101, "new\n"], "prose", None])
def test_a_bad_tag_is_dropped_and_not_its_article(tags: object) -> None:
    (article,) = read({**GOOD, "tags": tags}).articles
    assert article.tags in {("fine", "new"), ()}


def test_at_most_twenty_tags_are_kept() -> None:
    (article,) = read({**GOOD, "tags": [f"tag{number}" for number in range(60)]}).articles
    assert len(article.tags) == 20


def test_of_equal_titles_the_longest_body_is_kept() -> None:
    extraction = read(GOOD, {**GOOD, "title": "a TITLE", "body": "A longer body."})
    assert [article.body for article in extraction.articles] == ["A longer body."]


def test_five_hundred_articles_are_cut_to_ten_and_counted() -> None:
    extraction = read(*({**GOOD, "title": f"Title {number}"} for number in range(500)))
    assert (len(extraction.articles), extraction.cut) == (10, 490)


def test_what_no_database_stores_is_removed() -> None:
    (article,) = read({**GOOD, "title": "A\0 title", "body": "\0A body."}).articles
    assert (article.title, article.body) == ("A title", "A body.")


def test_ids_of_other_tenants_in_an_answer_have_no_effect() -> None:
    (article,) = read({**GOOD, "tenant_id": "globex", "id": "7", "status": "published"}).articles
    assert set(article.model_dump()) == {"title", "body", "category", "tags"}


def test_a_stored_extraction_reads_back_as_it_was() -> None:
    extraction = read(GOOD, "prose")
    assert Extraction.model_validate_json(extraction.model_dump_json()) == extraction
