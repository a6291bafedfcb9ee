"""Links the changed articles of tenants, in batches that each commit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

import psycopg

from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.database.retries import OutagePatience, cause_of
from loopctl_pipelines.knowledge.linking import storage
from loopctl_pipelines.knowledge.linking.errors import LinkingError
from loopctl_pipelines.knowledge.linking.links import (
    LinkChanges,
    LinkRule,
    plan_changes,
    searched_for,
    to_compare,
    wanted_pairs,
)
from loopctl_pipelines.knowledge.linking.storage import LinkCounts
from loopctl_pipelines.knowledge.proposals.rechecking import recheck_proposals
from loopctl_pipelines.knowledge.proposals.verdict import GateThresholds
from loopctl_pipelines.knowledge.search.articles import (
    ComparableArticle,
    NearestArticles,
    Neighbour,
)
from loopctl_pipelines.knowledge.search.nearest import NearestSearch
from loopctl_pipelines.knowledge.search.operator_queries import has_iterative_scan
from loopctl_pipelines.knowledge.search.transactions import TenantTransactions
from loopctl_pipelines.tenants.tenant import Tenant

ARTICLES_PER_WRITE: Final = 1_000
"""Articles whose links are written in one transaction, with up to about 20,000 links."""

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class LinkedTenant:
    """What a run did for one tenant.

    Attributes:
        slug: the tenant.
        counts: what it changed.
        exact: articles whose neighbours were searched exactly.
        approximate: articles whose neighbours were searched in the index.
        repeated: how many of the exact searches repeat one in the index that found too few.
        unpublished: articles that the gate let pass unchecked, and that are not new.
        error: why the tenant's other articles are still to be linked; None: they all are linked.
    """

    slug: str
    counts: LinkCounts = field(default_factory=LinkCounts)
    exact: int = 0
    approximate: int = 0
    repeated: int = 0
    unpublished: int = 0
    error: LinkingError | None = None


class Linker:
    """Links articles by one rule. The same database and vectors give the same links."""

    def __init__(
        self,
        database: Database,
        rule: LinkRule | None = None,
        thresholds: GateThresholds | None = None,
    ) -> None:
        """Take the database, and what is not the default.

        Args:
            database: loopctl's database.
            rule: which articles are linked.
            thresholds: from which similarity on an unchecked proposal is no longer new.
        """
        self._database = database
        self._rule = rule or LinkRule()
        self._thresholds = thresholds or GateThresholds()

    def link(self, tenants: Iterable[Tenant]) -> Iterator[LinkedTenant]:
        """Link the changed articles of each tenant, and yield as tenants end.

        A tenant that fails does not affect the others.
        """
        patience = OutagePatience()
        try:
            iterative = patience.outlast(lambda: has_iterative_scan(self._database))
            for tenant in tenants:
                transactions = TenantTransactions(self._database, tenant.id, patience)
                try:
                    yield self._link(tenant, transactions, iterative=iterative)
                    continue
                except (psycopg.Error, DatabaseUnreachableError) as cause:
                    sqlstate = cause.sqlstate
                error = LinkingError(tenant.slug, cause_of(sqlstate), sqlstate)
                yield LinkedTenant(tenant.slug, error=error)
        finally:
            patience.end()

    def _link(
        self, tenant: Tenant, transactions: TenantTransactions, *, iterative: bool
    ) -> LinkedTenant:
        counts = LinkCounts()
        departed = transactions.run(lambda c: storage.read_departed(c, tenant.id))
        for gone in _parts(departed):
            counts += transactions.run(partial(_remove, tenant_id=tenant.id, gone=gone))
        changed = transactions.run(lambda c: storage.read_changed(c, tenant.id))
        search = NearestSearch(
            transactions,
            has_iterative_scan=iterative,
            limit=self._rule.neighbours,
            least=self._rule.link_similarity,
        )
        nearest = search.nearest(changed) if changed else NearestArticles()
        nearest_of = searched_for(nearest.neighbours)
        for part in _parts(changed):
            write = partial(
                self._write,
                tenant_id=tenant.id,
                part=part,
                neighbours=nearest.neighbours,
                nearest_of=nearest_of,
            )
            counts += transactions.run(write)
        transactions.run(lambda c: _audit(c, tenant.id))
        unpublished = transactions.run(lambda c: recheck_proposals(c, tenant.id, self._thresholds))
        return LinkedTenant(
            tenant.slug,
            counts,
            nearest.exact,
            nearest.approximate,
            nearest.repeated,
            unpublished,
        )

    def _write(
        self,
        connection: TenantConnection,
        tenant_id: UUID,
        part: Sequence[ComparableArticle],
        neighbours: Mapping[UUID, Sequence[Neighbour]],
        nearest_of: Mapping[UUID, Sequence[UUID]],
    ) -> LinkCounts:
        storage.lock_links(connection, tenant_id)
        due = set(storage.read_changed(connection, tenant_id, [article.id for article in part]))
        # another run may have linked some meanwhile, and some may have another vector by now
        current = [article for article in part if article in due and article.id in neighbours]
        batch = {article.id for article in current}
        wanted = wanted_pairs(batch, neighbours, nearest_of)
        there = storage.lock_articles(connection, tenant_id, {i for pair in wanted for i in pair})
        wanted = {pair: found for pair, found in wanted.items() if there.issuperset(pair)}
        stored = storage.read_links(connection, tenant_id, batch)
        again = to_compare(stored, wanted, neighbours.keys())
        compared = storage.compare(connection, tenant_id, again) if again else {}
        judged = storage.read_judged(connection, tenant_id, batch)
        changes = plan_changes(self._rule, batch, stored, wanted | compared, judged)
        counts = storage.write_changes(connection, tenant_id, changes)
        counts += LinkCounts(articles=len(current))
        storage.record_linked(connection, tenant_id, current)
        storage.note_changes(connection, tenant_id, counts)
        return counts


def _remove(connection: TenantConnection, tenant_id: UUID, gone: Sequence[UUID]) -> LinkCounts:
    """Remove the system links of articles that are no longer published, or have no vector."""
    storage.lock_links(connection, tenant_id)
    links = storage.read_links(connection, tenant_id, gone)
    changes = LinkChanges(removed=[link.id for link in links if link.is_system])
    counts = storage.write_changes(connection, tenant_id, changes) + LinkCounts(articles=len(gone))
    storage.forget_departed(connection, tenant_id, gone)
    storage.note_changes(connection, tenant_id, counts)
    return counts


def _audit(connection: TenantConnection, tenant_id: UUID) -> None:
    storage.lock_links(connection, tenant_id)
    storage.audit_links(connection, tenant_id)


def _parts(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), ARTICLES_PER_WRITE):
        yield items[start : start + ARTICLES_PER_WRITE]
