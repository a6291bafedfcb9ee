"""Compares articles again that the gate let pass blindly, once vectors and links have landed."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.actor import Actor
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.articles.changing import lock_article, set_status
from loopctl_pipelines.knowledge.articles.transitions import ArticleStatus
from loopctl_pipelines.knowledge.proposals.verdict import (
    GateThresholds,
    SimilarArticle,
    proposal_novelty,
)

GATE: Final = Actor.system("worker:proposal_gate")


@dataclass(frozen=True, slots=True)
class _NearEarlier:
    proposal_id: UUID
    id: UUID
    project_id: UUID | None
    title: str
    similarity: float


def recheck_proposals(
    connection: TenantConnection, tenant_id: UUID, thresholds: GateThresholds
) -> int:
    """Unpublish unchecked articles that are near to an earlier one; return how many.

    They become drafts, so nothing is lost; audit and webhooks say so, and the metadata say why.
    Of two articles that are alike, the earlier one stays. It rests on the links, so it runs after
    they are made. An article is checked until the tenant has no article without a vector.

    Args:
        connection: a transaction of the tenant.
        tenant_id: the tenant.
        thresholds: from which similarity on an article is no longer new.

    Raises:
        psycopg.Error: if a statement fails; the transaction must then be rolled back.
    """
    parameters = {"tenant_id": tenant_id, "low_novelty": thresholds.low_novelty}
    cursor = connection.cursor(row_factory=class_row(_NearEarlier))
    found = cursor.execute(statement(__package__, "near_earlier_articles"), parameters).fetchall()
    unpublished = [
        proposal_id
        for proposal_id, near in groupby(found, key=lambda row: row.proposal_id)
        if _unpublish(connection, tenant_id, proposal_id, near, thresholds)
    ]
    done = {"tenant_id": tenant_id, "article_ids": unpublished}
    connection.execute(statement(__package__, "forget_checked"), done)
    return len(unpublished)


def _unpublish(
    connection: TenantConnection,
    tenant_id: UUID,
    proposal_id: UUID,
    near: Iterable[_NearEarlier],
    thresholds: GateThresholds,
) -> bool:
    article = lock_article(connection, tenant_id, proposal_id)
    if article is None or article.status != ArticleStatus.PUBLISHED:
        return False
    nearest = [SimilarArticle(n.id, n.project_id, n.title, n.similarity) for n in near]
    novelty = proposal_novelty(thresholds.verdict(nearest[0].similarity), nearest)
    metadata = {**article.metadata, "proposal_novelty": novelty}
    set_status(connection, tenant_id, article, ArticleStatus.DRAFT, GATE, metadata=metadata)
    return True
