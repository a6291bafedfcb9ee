"""The sample's knowledge: four tenants' articles, of topics that are near to themselves."""

from contextlib import closing

import numpy as np
import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.demo.fill import fill
from loopctl_pipelines.demo.fill_knowledge import fill_knowledge, hand_in_documents
from loopctl_pipelines.demo.provider import sample_environment
from loopctl_pipelines.demo.sample.handed_in import DOCUMENTS, REVIEWS, reviews
from loopctl_pipelines.demo.sample.knowledge import (
    KEYS,
    SAMPLE_CLOAK_KEY,
    VALID_KEYS,
    articles,
)
from loopctl_pipelines.demo.sample.sample import generate
from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_DIMENSION
from loopctl_pipelines.knowledge.extraction.definitions import build_extractor
from loopctl_pipelines.knowledge.extraction.errors import KeyOrModelRejectedError
from loopctl_pipelines.llm.cloak import decrypt
from loopctl_pipelines.llm.fake.lexical import lexical_vector
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines_tests.demo.sample.sample_test import LAST_DAY
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge


@pytest.fixture
def filled(database: Database) -> Database:
    fill(database, generate(last_day=LAST_DAY, days=1))
    fill_knowledge(database, articles(), reviews(), SAMPLE_CLOAK_KEY)
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
            [stored] = connection.execute(
                "SELECT embedding_api_key, api_key FROM tenant_llm_settings"
            ).fetchall()
        if key is None:
            assert stored == (None, None)
            continue
        for encrypted in stored:
            assert key.encode() not in encrypted
            found = decrypt(encrypted, SAMPLE_CLOAK_KEY)
            assert found is not None
            assert found.reveal() == key


def test_a_second_fill_adds_nothing_and_leaves_what_a_person_changed(filled: Database) -> None:
    [northwind] = (row.tenant_id for row in reviews() if "total" in row.summary)
    with filled.tenant_transaction(northwind) as connection:
        connection.execute("UPDATE tenant_llm_settings SET api_key = 'another'")
    assert fill_knowledge(filled, articles(), reviews(), SAMPLE_CLOAK_KEY) == 0
    with filled.tenant_transaction(northwind) as connection:
        row = connection.execute("SELECT api_key FROM tenant_llm_settings").fetchone()
        assert row == (b"another",)
        assert connection.execute("SELECT FROM review_records").rowcount == 2


def test_a_key_that_an_older_sample_did_not_have_is_added(filled: Database) -> None:
    lucerne = list_tenants(filled)["lucerne"].id
    with filled.tenant_transaction(lucerne) as connection:
        connection.execute("UPDATE tenant_llm_settings SET api_key = NULL")
    fill_knowledge(filled, articles(), reviews(), SAMPLE_CLOAK_KEY)
    with filled.tenant_transaction(lucerne) as connection:
        rows = connection.execute("SELECT FROM tenant_llm_settings WHERE api_key IS NOT NULL")
        assert rows.rowcount == 1


def test_a_document_that_waits_is_not_handed_in_twice(filled: Database) -> None:
    for _ in range(2):
        hand_in_documents(filled)
    with filled.operator_transaction() as connection:
        rows = connection.execute(
            "SELECT source_name FROM loopctl_pipelines.ingestion_requests ORDER BY inserted_at"
        ).fetchall()
    assert [name for (name,) in rows] == [document.name for document in DOCUMENTS]


def test_the_ui_on_the_sample_embeds_and_extracts_on_this_machine(filled: Database) -> None:
    with sample_environment(filled, {}) as environment:
        settings = Settings.from_environment(environment)
        assert settings.embedding_base_url.startswith("http://127.0.0.1:")
        assert settings.extract_reviews == set(REVIEWS)
        assert not any(key in str(environment) for key in VALID_KEYS.values())
        hand_in_documents(filled)
        tenants = list_tenants(filled)
        with closing(build_extractor(settings, filled)) as extractor:
            outcomes = {one.slug: one for one in extractor.extract(tenants[s] for s in KEYS)}
    done = {slug: one.counts.documents + one.counts.reviews for slug, one in outcomes.items()}
    assert done == {"northwind": 4, "lucerne": 3, "proseware": 0, "margie": 0}
    assert outcomes["proseware"].counts.blocked == 1
    assert isinstance(outcomes["margie"].error, KeyOrModelRejectedError)


def test_reviews_that_a_person_chose_stay_chosen(filled: Database) -> None:
    with sample_environment(filled, {"LOOPCTL_EXTRACT_REVIEWS": ""}) as environment:
        assert Settings.from_environment(environment).extract_reviews == set()


@pytest.mark.parametrize(
    "name", ["LOOPCTL_EMBEDDING_BASE_URL", "LOOPCTL_ANTHROPIC_BASE_URL", "LOOPCTL_CLOAK_KEY"]
)
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
