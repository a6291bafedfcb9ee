"""A tenant's published articles, embedded as every night."""

from collections.abc import Sequence
from contextlib import closing
from typing import Final
from uuid import UUID, uuid5

import psycopg

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.knowledge.embedding.work.guarded_provider import GuardedProvider
from loopctl_pipelines.llm.cloak import encrypt
from loopctl_pipelines.llm.guarded_call import GuardedCall
from loopctl_pipelines.llm.openai.embedding_provider import EmbeddingProvider
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.operator_queries import list_tenants
from retrieval_quality.model import KEY, MODEL
from retrieval_quality.proposals import Proposal

API_KEY: Final = "lc_quality"
CLOAK_KEY: Final = bytes(range(32))
_TENANT: Final = UUID("00000000-0000-4000-8000-000000000001")
_REQUESTS: Final = 2
_DEADLINE_SECONDS: Final = 600.0  # a request has as many texts as OpenAI takes; the model is slower


class NotEmbeddedError(Exception):
    """Not all articles got a vector, so figures would say nothing."""


def article_id(number: int) -> UUID:
    """Return the id of a proposal's article."""
    return uuid5(_TENANT, str(number))


def publish(url: str, proposals: Sequence[Proposal]) -> None:
    """Write the tenant, its keys and its articles into an upgraded database."""
    tenant = {
        "tenant_id": _TENANT,
        "embedding_key": encrypt(KEY, CLOAK_KEY),
        "model": MODEL,
        "api_key": API_KEY,
    }
    articles = [
        {
            "id": article_id(proposal.number),
            "tenant_id": _TENANT,
            "title": proposal.article_title,
            "body": proposal.body,
            "slug": f"pep-{proposal.number}",
        }
        for proposal in proposals
    ]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement(__package__, "add_tenant"), tenant)
        cursor.executemany(statement(__package__, "add_article"), articles)


def embed(url: str, model_url: str) -> None:
    """Embed them, and analyze the tables.

    Raises:
        NotEmbeddedError: if some could not be.
    """
    with closing(Database(url, Settings.database_role)) as database:
        guard = GuardedCall(OPENAI, database, requests=_REQUESTS)
        provider = EmbeddingProvider(model_url, deadline_seconds=_DEADLINE_SECONDS)
        with closing(Embedder(database, GuardedProvider(provider, guard), CLOAK_KEY)) as embedder:
            [outcome] = embedder.embed(list_tenants(database).values())
    if outcome.stopped or outcome.error or outcome.failures:
        raise NotEmbeddedError(f"{outcome.error or outcome.stopped} {dict(outcome.failures)}")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
