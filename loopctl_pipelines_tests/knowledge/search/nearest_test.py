"""The nearest articles, exactly and from a real vector index, against plain numpy."""

from uuid import UUID, uuid5

import numpy as np
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.retries import OutagePatience
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines.knowledge.linking.storage import read_changed
from loopctl_pipelines.knowledge.search import index_search, nearest
from loopctl_pipelines.knowledge.search.articles import Method, NearestArticles, Neighbour
from loopctl_pipelines.knowledge.search.exact import NearestSoFar, unit_vectors
from loopctl_pipelines.knowledge.search.nearest import NearestSearch, method_for
from loopctl_pipelines.knowledge.search.operator_queries import has_iterative_scan
from loopctl_pipelines.knowledge.search.transactions import TenantTransactions
from loopctl_pipelines_tests.knowledge.linking.corpus import Corpus, Vector
from loopctl_pipelines_tests.usage import id_of

_SPACE = VectorSpace()


def _directions(count: int, seed: int) -> list[Vector]:
    """Return vectors that are alike, as those of texts are, in 24 of the 1,536 dimensions."""
    drawn = np.zeros((count, 1536), dtype=np.float32)
    drawn[:, :24] = np.random.default_rng(seed).standard_normal((count, 24)) + 1
    return list(unit_vectors(drawn))


def _oracle(vectors: Vector, limit: int, least: float) -> list[list[int]]:
    exact = vectors / np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    similar = np.round(exact @ exact.T, 6)
    np.fill_diagonal(similar, -2)
    order = np.argsort(-similar, axis=1, kind="stable")[:, :limit]
    return [[int(n) for n in row if similar[i, n] >= least] for i, row in enumerate(order)]


@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 60),
    block=st.integers(1, 25),
    limit=st.integers(1, 12),
    least=st.sampled_from([-1.0, 0.0, 0.6]),
)
def test_blocks_of_any_size_give_the_nearest_of_all(
    seed: int, count: int, block: int, limit: int, least: float
) -> None:
    vectors = np.random.default_rng(seed).integers(-3, 4, (count, 3)).astype(np.float32)
    vectors[~vectors.any(axis=1)] = 1
    places, projects = np.arange(count), np.zeros(count, dtype=np.int64)
    units = unit_vectors(vectors)
    found = NearestSoFar(units, places, projects, limit=limit, least=least)
    for start in range(0, count, block):
        part = slice(start, start + block)
        found.compare(units[part], places[part], projects[part])
    exact = vectors / np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    rows = list(found.of_rows([UUID(int=n) for n in range(count)]))
    for n, (row, expected) in enumerate(zip(rows, _oracle(vectors, limit, least), strict=True)):
        # equally near ones may change places: float32 numbers are not exact
        similarities = [near.similarity for near in row]
        assert similarities == sorted(similarities, reverse=True)
        assert similarities == pytest.approx([exact[n] @ exact[m] for m in expected], abs=2e-6)
        assert similarities == pytest.approx([exact[n] @ exact[m.id.int] for m in row], abs=2e-6)
        assert len({near.id for near in row} - {UUID(int=n)}) == len(row)


@pytest.mark.parametrize(
    ("searched", "candidates", "iterative", "method"),
    [
        (1, 20_000, True, Method.EXACT),
        (1, 20_001, True, Method.APPROXIMATE),
        (1, 100_000, False, Method.EXACT),
        (50, 100_000, True, Method.EXACT),
        (49, 100_000, True, Method.APPROXIMATE),
    ],
)
def test_the_index_is_used_where_comparing_with_all_takes_longer(
    searched: int, candidates: int, *, iterative: bool, method: Method
) -> None:
    assert method_for(searched, candidates, has_iterative_scan=iterative) is method


@pytest.mark.parametrize(("version", "iterative"), [("0.7.4", False), ("0.8.0", True)])
def test_an_index_before_pgvector_0_8_is_not_searched(
    database: Database, version: str, *, iterative: bool
) -> None:
    with database.operator_transaction() as connection:
        connection.execute("UPDATE pg_extension SET extversion = %s", [version])
    assert has_iterative_scan(database) is iterative


@pytest.fixture
def corpus(database: Database) -> Corpus:
    """Give a tenant of 600 articles beside one of 20, whose vectors are indexed together."""
    corpus = Corpus(database)
    for slug, count in (("large", 600), ("small", 20)):
        corpus.tenant(slug)
        vectors = _directions(count, seed=len(slug))
        corpus.add(slug, {f"{slug} {n}": vector for n, vector in enumerate(vectors)})
    with database.operator_transaction() as connection:
        connection.execute("ANALYZE articles, loopctl_pipelines.embedding_states")
    return corpus


def _search(corpus: Corpus, slug: str, *, iterative: bool = True) -> NearestArticles:
    transactions = TenantTransactions(corpus.database, id_of(slug), OutagePatience())
    search = NearestSearch(transactions, has_iterative_scan=iterative, limit=10, least=0.6)
    return search.nearest(transactions.run(lambda c: read_changed(c, id_of(slug))))


def _expected(slug: str, count: int) -> dict[UUID, set[UUID]]:
    ids = [uuid5(id_of(slug), f"{slug} {n}") for n in range(count)]
    rows = _oracle(np.array(_directions(count, seed=len(slug))), 10, 0.6)
    return {ids[n]: {ids[near] for near in row} for n, row in enumerate(rows)}


def _ids(found: dict[UUID, list[Neighbour]]) -> dict[UUID, set[UUID]]:
    return {article: {near.id for near in row} for article, row in found.items()}


@pytest.fixture
def _index_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Search in the index whatever the size, for a pool that a tenant of 20 can fill."""
    monkeypatch.setattr(nearest, "EXACT_ARTICLES", 0)
    monkeypatch.setattr(nearest, "_ROWS_PER_INDEX_SEARCH", 0)
    monkeypatch.setattr(index_search, "POOL_ARTICLES", 19)


def _recall(found: NearestArticles, expected: dict[UUID, set[UUID]]) -> float:
    common = sum(len(near & expected[a]) for a, near in _ids(found.neighbours).items())
    return common / sum(map(len, expected.values()))


@pytest.mark.usefixtures("_index_only")
def test_a_small_tenant_beside_a_large_one_gets_its_neighbours_from_the_index(
    corpus: Corpus,
) -> None:
    found = _search(corpus, "small")
    assert (found.approximate, found.exact) == (20, 0)
    assert _ids(found.neighbours) == _expected("small", 20)
    found = _search(corpus, "large")
    assert (found.approximate, found.exact) == (600, 0)
    assert _recall(found, _expected("large", 600)) >= 0.98


@pytest.mark.usefixtures("_index_only")
def test_a_tenant_that_is_too_small_a_part_of_the_index_is_compared_exactly(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_search, "EF_SEARCH", 10)
    found = _search(corpus, "small")
    # to find 19 of 620, more would have to be looked at than the tenant has
    assert found.repeated == found.exact > 0
    assert _ids(found.neighbours) == _expected("small", 20)


@pytest.mark.usefixtures("_index_only")
def test_articles_of_a_small_project_are_compared_exactly(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "EXACT_ARTICLES", 5)
    vectors = {f"in p {n}": vector for n, vector in enumerate(_directions(5, seed=1))}
    corpus.tenant("projects")
    corpus.add("projects", vectors, project="p")
    corpus.add("projects", {f"in q {n}": v for n, v in enumerate(vectors.values())}, project="q")
    found = _search(corpus, "projects")
    assert (found.approximate, found.exact) == (0, 10)


def test_without_an_iterative_scan_all_are_compared(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "EXACT_ARTICLES", 0)
    found = _search(corpus, "large", iterative=False)
    assert (found.approximate, found.exact) == (0, 600)
    assert _ids(found.neighbours) == _expected("large", 600)


@pytest.mark.usefixtures("_index_only")
def test_a_search_that_finds_too_few_in_the_index_is_repeated_exactly(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_search, "_ITERATIVE_SCAN", "off")
    monkeypatch.setattr(index_search, "EF_SEARCH", 40)
    found = _search(corpus, "small")
    assert found.repeated == found.exact > 0
    assert _ids(found.neighbours) == _expected("small", 20)


@pytest.mark.parametrize("slug", ["small", "large"])
def test_the_planner_takes_the_vector_index_whatever_the_tenant_s_size(
    corpus: Corpus, slug: str
) -> None:
    query = b"EXPLAIN " + statement(index_search.__package__, "nearest_in_index")
    parameters = {
        "tenant_id": id_of(slug),
        "article_ids": [uuid5(id_of(slug), f"{slug} 0")],
        "model": _SPACE.model,
        "dimension": _SPACE.dimension,
        "pool": 100,
        "limit": 10,
    }
    with corpus.database.tenant_transaction(id_of(slug)) as connection:
        index_search.begin_index_search(connection, 20)
        plan = "\n".join(row[0] for row in connection.execute(query, parameters))
    assert "Index Scan using articles_embedding_hnsw_idx" in plan
    # of the pool, because the index gives it in almost the right order
    assert plan.count("Sort Key") == 1
    assert "+ '0'::double precision" in plan


def test_the_settings_of_a_search_end_with_its_transaction(corpus: Corpus) -> None:
    with psycopg.connect(corpus.database.connect().info.dsn) as connection:
        connection.execute("LOAD 'vector'")
        before = connection.execute("SHOW hnsw.ef_search").fetchone()
        index_search.begin_index_search(connection, 20)
        connection.commit()
        assert connection.execute("SHOW hnsw.ef_search").fetchone() == before
