"""After new code the embeddings of every tenant are stale, whichever way their run ended."""

import pytest
from dagster import AssetKey, DagsterInstance

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.knowledge.embedding.jobs import EMBED_ARTICLES
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.knowledge.tenant_work.job_runs import run_for_tenants
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge
from loopctl_pipelines_tests.staleness import assert_stale_after_new_code
from loopctl_pipelines_tests.usage import id_of

SLUGS = ("a", "b", "c")
EMBEDDINGS = AssetKey("article_embeddings")


@pytest.mark.parametrize("run", ["whole", "a tenant is suspended", "a tenant fails"])
def test_embeddings_are_stale_after_new_code(
    database: Database, instance: DagsterInstance, embed: Embedder, run: str
) -> None:
    knowledge = Knowledge(database)
    for slug in SLUGS:
        knowledge.tenant(slug)
        knowledge.articles(slug, 2)
    definitions = build_definitions(Settings(), resources={"database": database, "embedder": embed})
    sync_tenants(instance, database)
    if run == "a tenant is suspended":
        with database.operator_transaction() as connection:
            connection.execute("UPDATE tenants SET status = 'suspended' WHERE slug = 'b'")
    if run == "a tenant fails":
        # a key that cannot be decrypted fails the tenant's partition
        with database.tenant_transaction(id_of("b")) as connection:
            connection.execute(
                "UPDATE tenant_llm_settings SET embedding_api_key = 'garbage'::bytea"
            )
    job = definitions.resolve_job_def(EMBED_ARTICLES)
    (ended,) = run_for_tenants(instance, job, SLUGS)
    assert (ended.failure is None) == (run != "a tenant fails")
    missing = set() if run == "whole" else {"b"}
    recorded = set(SLUGS) - missing
    assert {key for _, key in ended.materialized} == recorded
    assert_stale_after_new_code(instance, definitions, EMBEDDINGS, recorded, missing)
