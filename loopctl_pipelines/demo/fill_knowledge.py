"""Writes the sample's articles and keys. Existing rows are not changed."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

from psycopg.types.json import Jsonb

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.demo.sample.knowledge import KEYS, ArticleRow
from loopctl_pipelines.llm.cloak import encrypt
from loopctl_pipelines.tenants.operator_queries import list_tenants

_as_text = partial(json.dumps, default=str)


def fill_knowledge(database: Database, articles: Sequence[ArticleRow], cloak_key: bytes) -> int:
    """Write articles and encrypted keys, each tenant's in a transaction of that tenant.

    Args:
        database: with the sample's tenants.
        articles: the sample's.
        cloak_key: 32 bytes that encrypt the keys.

    Returns:
        The number of articles that were added.
    """
    tenants = list_tenants(database)
    added = 0
    for slug, key in KEYS.items():
        tenant_id = tenants[slug].id
        rows = [asdict(row) for row in articles if row.tenant_id == tenant_id]
        document = Jsonb(rows, dumps=_as_text)
        with database.tenant_transaction(tenant_id) as connection:
            added += connection.execute(
                statement(__package__, "insert_articles"), {"rows": document}
            ).rowcount
            connection.execute(
                statement(__package__, "insert_llm_settings"),
                {
                    "tenant_id": tenant_id,
                    "embedding_api_key": key and encrypt(key, cloak_key),
                },
            )
    return added
