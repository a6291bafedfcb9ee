"""Articles with vectors of real text: paragraphs of the documentation, with a little noise."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
import psycopg
from pgvector.psycopg.vector import register_vector_info
from psycopg.types import TypeInfo

from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_DIMENSION, DEFAULT_MODEL
from loopctl_pipelines.llm.fake.lexical import lexical_vector

_DOCUMENTS: Final = Path(__file__).parents[1] / "docs"
# copies of a paragraph are about 0.87 alike
_NOISE = 0.01
_BATCH = 1_000
_INDEX = "articles_embedding_hnsw_idx"


def fill_tenant(session: psycopg.Connection, tenant: UUID, articles: int, seed: int) -> None:
    """Write a tenant with published articles that have vectors, of the default space."""
    register_vector_info(session, TypeInfo.fetch(session, "vector"))
    parameters = {"tenant_id": tenant, "slug": f"tenant-{tenant.int}"}
    session.execute(statement(__package__, "add_text_tenant"), parameters)
    for number, batch in enumerate(_batches(articles, seed)):
        made = {
            "tenant_id": tenant,
            "first": number * _BATCH,
            "vectors": batch,
        }
        session.execute(statement(__package__, "fill_text_articles"), made)
    space = {"model": DEFAULT_MODEL, "dimension": DEFAULT_DIMENSION}
    session.execute(statement(__package__, "fill_text_states"), parameters | space)


@contextmanager
def indexed_afterwards(session: psycopg.Connection) -> Iterator[None]:
    """Do without loopctl's vector index within the block, and build it from what is there then.

    An index that is filled row by row takes far longer.
    """
    row = session.execute("SELECT pg_get_indexdef(%s::regclass)", [_INDEX]).fetchone()
    session.execute(f"DROP INDEX {_INDEX}".encode())
    yield
    session.execute("SET maintenance_work_mem = '2GB'")
    session.execute(str(row and row[0]).encode())
    session.execute("VACUUM (ANALYZE) articles, loopctl_pipelines.embedding_states")


def _batches(count: int, seed: int) -> Iterator[list[np.ndarray]]:
    texts = sorted(
        paragraph
        for document in _DOCUMENTS.rglob("*.md")
        for paragraph in document.read_text(encoding="utf-8").split("\n\n")
        if len(paragraph) > 200
    )
    vectors = np.array([lexical_vector(text, DEFAULT_DIMENSION) for text in texts])
    drawn = np.random.default_rng(seed)
    for start in range(0, count, _BATCH):
        size = min(_BATCH, count - start)
        chosen = vectors[drawn.integers(0, len(vectors), size)]
        noise = drawn.standard_normal(chosen.shape, dtype=np.float32) * np.float32(_NOISE)
        yield list(chosen + noise)
