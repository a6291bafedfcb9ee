"""Linking articles: recall of the index against comparing with all, and speed of a whole tenant."""

from contextlib import closing
from functools import partial
from time import perf_counter
from typing import Final
from uuid import UUID

import psycopg

from benchmarks.daily_costs import WrongResultError
from benchmarks.outcome import Fact, Outcome, Ratio
from benchmarks.server import server_facts
from benchmarks.text_vectors import fill_tenant, indexed_afterwards
from benchmarks.timing import Contender, interleave
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.retries import OutagePatience
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.linking.linker import Linker
from loopctl_pipelines.knowledge.linking.links import LinkRule
from loopctl_pipelines.knowledge.linking.storage import read_changed
from loopctl_pipelines.knowledge.search.articles import (
    ComparableArticle,
    NearestArticles,
    Neighbour,
)
from loopctl_pipelines.knowledge.search.index_search import (
    MOST_SCANNED,
    begin_index_search,
    nearest_in_index,
)
from loopctl_pipelines.knowledge.search.nearest import NearestSearch
from loopctl_pipelines.knowledge.search.operator_queries import has_iterative_scan
from loopctl_pipelines.knowledge.search.transactions import TenantTransactions
from loopctl_pipelines.tenants.operator_queries import list_tenants

_LARGE = UUID(int=1)
_OF_SMALL = 50
# of the large tenant's articles: with 100,000, one of them is searched in the index and one is not
_SHARE_OF_SECOND, _SHARE_OF_MIDDLE = 0.3, 0.08
# so few that linking searches a tenant of 100,000 in the index
_SAMPLE = 40
_RULE: Final = LinkRule()
_LEAST_RECALL = 0.98
_INDEX, _ALL = "as linking searches", "comparing with all"
_REFERENCE, _OURS = "a query an article, an insert a pair", "ours"

Found = dict[UUID, list[Neighbour]]


def neighbour_search(url: str, articles: int, rounds: int) -> Outcome:
    """Compare the index with all articles of a large tenant, and of smaller ones beside it.

    Raises:
        WrongResultError: if the index finds less than 98 percent of the neighbours.
    """
    sizes = {
        "large": articles,
        "second": round(_SHARE_OF_SECOND * articles),
        "middle": round(_SHARE_OF_MIDDLE * articles),
        "small": _OF_SMALL,
    }
    ids = {name: UUID(int=number) for number, name in enumerate(sizes, start=1)}
    started = perf_counter()
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("TRUNCATE tenants CASCADE")
        with indexed_afterwards(session):
            for name, tenant in ids.items():
                fill_tenant(session, tenant, sizes[name], seed=tenant.int)
            filled = perf_counter()
    facts: dict[str, Fact] = {
        **{f"articles of the {name} tenant": size for name, size in sizes.items()},
        "searched": _SAMPLE,
        "neighbours": _RULE.neighbours,
        "seconds to fill": round(filled - started),
        "seconds to build the index": round(perf_counter() - filled),
    }
    found: dict[tuple[str, UUID], NearestArticles] = {}
    with closing(Database(url, "loopctl_app")) as database:
        samples = {tenant: _sample(database, tenant) for tenant in ids.values()}

        def search(method: str) -> None:
            for tenant, sample in samples.items():
                found[method, tenant] = _search(database, tenant, sample, exactly=method == _ALL)

        contenders = [Contender(each, partial(search, each)) for each in (_INDEX, _ALL)]
        times = interleave(contenders, rounds, perf_counter)
        for name, tenant in ids.items():
            chosen, exact = found[_INDEX, tenant], found[_ALL, tenant]
            recall = _recall(chosen.neighbours, exact.neighbours)
            facts[f"recall, {name} tenant"] = round(recall, 4)
            facts[f"searched in the index, {name} tenant"] = chosen.approximate
            alone = _in_index(database, tenant, samples[tenant])
            facts[f"pools filled by the index, {name} tenant"] = len(alone)
            of_index = _recall(alone, {article: exact.neighbours[article] for article in alone})
            facts[f"recall of filled pools, {name} tenant"] = round(of_index, 4)
            if min(recall, of_index) < _LEAST_RECALL:
                raise WrongResultError(f"recall {min(recall, of_index):.4f}, {name} tenant")
    return Outcome(
        "neighbours",
        facts | server_facts(url),
        times,
        [Ratio("times faster than comparing with all", _ALL, _INDEX)],
        [f"Recall is at least {_LEAST_RECALL}, or the benchmark fails."],
    )


def linking(url: str, articles: int, rounds: int) -> Outcome:
    """Compare ways to link every article of a tenant, as after a change of its model."""
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("TRUNCATE tenants CASCADE")
        with indexed_afterwards(session):
            fill_tenant(session, _LARGE, articles, seed=1)

        def empty() -> None:
            session.execute(
                "TRUNCATE article_links, audit_log, loopctl_pipelines.linked_articles,"
                " loopctl_pipelines.linking_tenants"
            )
            session.execute("CHECKPOINT")

        with closing(Database(url, "loopctl_app")) as database:
            tenants = list(list_tenants(database).values())
            counts: dict[str, int] = {}

            def count(name: str) -> None:
                row = session.execute("SELECT count(*) FROM article_links").fetchone()
                counts[name] = row[0] if row else 0

            contenders = [
                Contender(
                    _REFERENCE, lambda: _one_by_one(session), empty, lambda: count(_REFERENCE)
                ),
                Contender(
                    _OURS, lambda: list(Linker(database).link(tenants)), empty, lambda: count(_OURS)
                ),
            ]
            times = interleave(contenders, rounds, perf_counter)
    return Outcome(
        "linking",
        {
            "articles": articles,
            **{f"links, {name}": count for name, count in counts.items()},
            **server_facts(url),
        },
        times,
        [Ratio("times faster than one by one", _REFERENCE, _OURS, least=10)],
        ["One by one searches in the index at its default setting, for as many neighbours."],
    )


def _sample(database: Database, tenant: UUID) -> list[ComparableArticle]:
    with database.tenant_transaction(tenant) as connection:
        return read_changed(connection, tenant)[:_SAMPLE]


def _search(
    database: Database, tenant: UUID, sample: list[ComparableArticle], *, exactly: bool
) -> NearestArticles:
    transactions = TenantTransactions(database, tenant, OutagePatience())
    limit, iterative = _RULE.neighbours, not exactly and has_iterative_scan(database)
    search = NearestSearch(transactions, has_iterative_scan=iterative, limit=limit, least=-1.0)
    return search.nearest(sample)


def _in_index(database: Database, tenant: UUID, sample: list[ComparableArticle]) -> Found:
    """Return what the index finds, also where the search would compare with all."""
    ids = [article.id for article in sample]
    with database.tenant_transaction(tenant) as connection:
        begin_index_search(connection, MOST_SCANNED)
        return nearest_in_index(connection, tenant, ids, sample[0].space, _RULE.neighbours)


def _recall(found: Found, exact: Found) -> float:
    common = sum(
        len({near.id for near in found[article]} & {near.id for near in nearest})
        for article, nearest in exact.items()
    )
    return common / sum(map(len, exact.values())) if exact else 1.0


def _one_by_one(session: psycopg.Connection) -> None:
    tenant = {"tenant_id": _LARGE}
    rows = session.execute("SELECT id FROM articles WHERE tenant_id = %(tenant_id)s", tenant)
    for (article_id,) in rows.fetchall():
        searched = {"limit": _RULE.neighbours, "least": _RULE.link_similarity}
        nearest = session.execute(
            statement(__package__, "reference_nearest"),
            tenant | searched | {"article_id": article_id},
        )
        for neighbour_id, similarity in nearest.fetchall():
            for kind in _RULE.types(similarity):
                link = {"source": article_id, "target": neighbour_id, "type": kind}
                find = statement(__package__, "reference_find_link")
                if session.execute(find, tenant | link).fetchone() is None:
                    session.execute(
                        statement(__package__, "reference_insert_link"),
                        tenant | link | {"similarity": similarity},
                    )
