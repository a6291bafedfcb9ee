"""The sample's knowledge: three tenants' articles, of topics that are near to themselves."""

import numpy as np
import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.demo.fill import fill
from loopctl_pipelines.demo.fill_knowledge import fill_knowledge
from loopctl_pipelines.demo.provider import sample_environment
from loopctl_pipelines.demo.sample.knowledge import (
    KEYS,
    SAMPLE_CLOAK_KEY,
    SAMPLE_KEY,
    articles,
)
from loopctl_pipelines.demo.sample.sample import generate
from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_DIMENSION
from loopctl_pipelines.llm.cloak import decrypt
from loopctl_pipelines.llm.fake.lexical import lexical_vector
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines_tests.demo.sample.sample_test import LAST_DAY
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge


@pytest.fixture
def filled(database: Database) -> Database:
    fill(database, generate(last_day=LAST_DAY, days=1))
    fill_knowledge(database, articles(), SAMPLE_CLOAK_KEY)
    return database


def test_the_same_seed_gives_the_same_articles_and_no_two_have_the_same_text() -> None:
    assert articles() == articles()
    assert len({(row.tenant_id, row.title, row.body) for row in articles()}) == len(articles())


def test_the_nearest_article_is_of_the_same_topic() -> None:
    tenant = articles()[0].tenant_id
    rows = [row for row in articles() if row.tenant_id == tenant]
    vectors = np.array([lexical_vector(f"{r.title}\n\n{r.body}", DEFAULT_DIMENSION) for r in rows])
    near = vectors @ vectors.T - 2 * np.eye(len(rows))
    for row, nearest in zip(rows, near.argmax(axis=1), strict=True):
        assert rows[nearest].title.split(",")[0] == row.title.split(",")[0]


def test_the_keys_are_stored_encrypted(filled: Database) -> None:
    tenants = list_tenants(filled)
    for slug, key in KEYS.items():
        with filled.tenant_transaction(tenants[slug].id) as connection:
            row = connection.execute("SELECT embedding_api_key FROM tenant_llm_settings").fetchone()
        assert row is not None
        if key is None:
            assert row == (None,)
            continue
        assert key.encode() not in row[0]
        found = decrypt(row[0], SAMPLE_CLOAK_KEY)
        assert found is not None
        assert found.reveal() == key


def test_a_second_fill_adds_nothing(filled: Database) -> None:
    assert fill_knowledge(filled, articles(), SAMPLE_CLOAK_KEY) == 0


def test_the_ui_on_the_sample_embeds_on_this_machine(filled: Database) -> None:
    with sample_environment(filled, {}) as environment:
        assert environment["LOOPCTL_EMBEDDING_BASE_URL"].startswith("http://127.0.0.1:")
        assert SAMPLE_KEY not in str(environment)


@pytest.mark.parametrize("name", ["LOOPCTL_EMBEDDING_BASE_URL", "LOOPCTL_CLOAK_KEY"])
def test_a_provider_that_was_set_is_left_as_it_is(filled: Database, name: str) -> None:
    with sample_environment(filled, {name: "set"}) as environment:
        assert environment == {}


def test_beside_a_real_tenant_there_is_no_provider_of_the_sample(filled: Database) -> None:
    Knowledge(filled).tenant("acme")
    with sample_environment(filled, {}) as environment:
        assert environment == {}


def test_an_empty_database_has_no_provider_of_the_sample(database: Database) -> None:
    with sample_environment(database, {}) as environment:
        assert environment == {}
