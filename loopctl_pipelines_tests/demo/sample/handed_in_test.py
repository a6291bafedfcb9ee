"""The sample's documents and reviews, and the articles that the imitated model finds in them."""

from collections.abc import Sequence

import pytest

from loopctl_pipelines.demo.sample.handed_in import DOCUMENTS, REVIEWS, Document, reviews
from loopctl_pipelines.demo.sample.knowledge import KEYS
from loopctl_pipelines.demo.sample.organizations import organizations
from loopctl_pipelines.demo.sample.section_articles import section_articles
from loopctl_pipelines.knowledge.extraction.texts.extracted import (
    ExtractedArticle,
    read_extraction,
)
from loopctl_pipelines.knowledge.extraction.texts.prompts import (
    DOCUMENT_PROMPT,
    REVIEW_PROMPT,
    Prompt,
    review_text,
)
from loopctl_pipelines.knowledge.ingestion.documents.read_document import (
    FetchedDocument,
    read_document,
)


def found(prompt: Prompt, text: str) -> Sequence[ExtractedArticle]:
    message = prompt.request("a-model", text).message
    extraction = read_extraction(section_articles("", "", message), prompt.most_articles)
    assert extraction is not None
    assert (extraction.invalid, extraction.cut) == (0, 0)
    return extraction.articles


def text_of(document: Document) -> str:
    read = read_document(document.body, document.content_type)
    assert isinstance(read, FetchedDocument)
    return read.content


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_each_section_with_a_text_of_its_own_becomes_an_article(document: Document) -> None:
    text = text_of(document)
    sections = [line.strip("# ") for line in text.splitlines() if line.startswith("## ")]
    articles = found(DOCUMENT_PROMPT, text)
    assert [article.title for article in articles] == sections
    assert all(article.body in text and article.tags for article in articles)


def test_the_articles_differ_in_category() -> None:
    [handbook] = (each for each in DOCUMENTS if each.name == "agents-handbook.md")
    categories = [article.category for article in found(DOCUMENT_PROMPT, text_of(handbook))]
    assert categories == ["decision", "insight", "playbook", "reference"]


def test_a_review_becomes_one_article_titled_by_its_first_sentence() -> None:
    text = review_text("code", 2, 1, REVIEWS["lucerne"][0])
    [article] = found(REVIEW_PROMPT, text)
    assert article.title == "The exporter reads the whole table into memory"
    assert article.body == REVIEWS["lucerne"][0]


def test_each_review_is_of_a_story_of_its_tenant() -> None:
    stories = {
        story.id: owner.row.id
        for owner in organizations(7)
        for epic in owner.epics
        for story in epic.stories
    }
    assert len(reviews()) == sum(map(len, REVIEWS.values()))
    assert all(stories[review.story_id] == review.tenant_id for review in reviews())


def test_documents_and_reviews_are_of_tenants_with_articles() -> None:
    assert {document.slug for document in DOCUMENTS} == set(KEYS)
    assert REVIEWS.keys() <= KEYS.keys()
