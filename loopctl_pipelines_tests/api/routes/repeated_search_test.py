"""The next page of a search, and the same search again, pay for no vector."""

from collections.abc import Iterator

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.api.routes.searched_articles import Articles, found, search
from loopctl_pipelines_tests.api.rows import add_key, add_tenants
from loopctl_pipelines_tests.api.serving import Api, serving
from loopctl_pipelines_tests.knowledge.embedding.knowledge import CLOAK_KEY, KEY
from loopctl_pipelines_tests.usage import id_of

MODELS = ("text-embedding-3-small", "text-embedding-3-large")


@pytest.fixture
def provider() -> Iterator[LoopbackServer]:
    with LoopbackServer([KEY], models=MODELS) as provider:
        yield provider


@pytest.fixture
def api(database: Database, provider: LoopbackServer) -> Iterator[Api]:
    add_tenants(database, "acme", "other")
    for slug in ("acme", "other"):
        Articles(database).set_key(slug)
        Articles(database).add(slug, f"Retry of {slug}")
    settings = Settings(embedding_base_url=provider.base_url, cloak_key=CLOAK_KEY)
    with serving(database, settings) as api:
        yield api


def _billed(database: Database, slug: str) -> int:
    with database.tenant_transaction(id_of(slug)) as connection:
        return len(connection.execute("SELECT id FROM llm_usage_events").fetchall())


def test_a_text_is_paid_for_once_per_tenant(api: Api) -> None:
    keys = {slug: add_key(api.database, slug) for slug in ("acme", "other")}
    for mode, offset in (("combined", 0), ("combined", 1), ("semantic", 0)):
        search(api, keys["acme"], "retry", mode=mode, offset=offset)
    assert _billed(api.database, "acme") == 1
    assert found(search(api, keys["other"], "retry")) == ["Retry of other"]
    assert _billed(api.database, "other") == 1
    search(api, keys["acme"], "another text")
    assert _billed(api.database, "acme") == 2


def test_another_model_is_asked_anew(api: Api) -> None:
    key = add_key(api.database, "acme")
    search(api, key, "retry")
    with api.database.tenant_transaction(id_of("acme")) as connection:
        connection.execute("UPDATE tenant_llm_settings SET embedding_model = %s", MODELS[1:])
    search(api, key, "retry")
    assert _billed(api.database, "acme") == 2


def test_without_its_key_a_tenant_has_no_vector(api: Api) -> None:
    key = add_key(api.database, "acme")
    search(api, key, "retry")
    Articles(api.database).set_key("acme", None)
    response = search(api, key, "retry")
    assert response.json()["meta"]["fallback_reason"] == "no_api_key"
