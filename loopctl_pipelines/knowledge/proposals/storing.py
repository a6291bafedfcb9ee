"""Stores a proposed article as the gate's verdict says, in one transaction."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from loopctl_pipelines.actor import Actor
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.articles.article_fields import NewArticle
from loopctl_pipelines.knowledge.articles.creating import (
    ExistingArticle,
    create,
    find_existing,
)
from loopctl_pipelines.knowledge.articles.transitions import ArticleStatus
from loopctl_pipelines.knowledge.articles.visibility import Viewer
from loopctl_pipelines.knowledge.embedding.storage.vectors import write_new_vector
from loopctl_pipelines.knowledge.embedding.texts.text import article_text, content_hash
from loopctl_pipelines.knowledge.embedding.work.text_embedding import EmbeddedText
from loopctl_pipelines.knowledge.proposals.verdict import (
    GateThresholds,
    SimilarArticle,
    Verdict,
    proposal_novelty,
)
from loopctl_pipelines.knowledge.search.query_vector import nearest_to_vector

NEIGHBOURS: Final = 5
"""Near articles that an answer names."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed article, validated.

    Attributes:
        article: its fields.
        viewer: the caller, who may not learn of another agent's private article.
        actor: the caller as the audit log names them.
        embedded: its vector; None: the gate is off, or fell open.
        is_gated: the gate was asked.
    """

    article: NewArticle
    viewer: Viewer
    actor: Actor
    embedded: EmbeddedText | None
    is_gated: bool


@dataclass(frozen=True, slots=True)
class StoredProposal:
    """How a proposal was stored.

    Attributes:
        verdict: the gate's; None: it was not asked.
        nearest: near articles that the caller sees, the nearest first.
        created: the new article's id; None: nothing was created.
        existing: the article that is in the way.
        is_slug_taken: nothing was created, because another article has the slug.
    """

    verdict: Verdict | None
    nearest: Sequence[SimilarArticle] = ()
    created: UUID | None = None
    existing: ExistingArticle | None = None
    is_slug_taken: bool = False


def store_proposal(
    connection: TenantConnection,
    tenant_id: UUID,
    proposal: Proposal,
    thresholds: GateThresholds,
    *,
    has_iterative_scan: bool,
) -> StoredProposal:
    """Compare a proposal with the tenant's articles, and create it if it is new enough.

    Proposals with a vector follow each other within a tenant: of two that are alike, the second
    one is compared with the first.

    Args:
        connection: a transaction of the tenant.
        tenant_id: the tenant.
        proposal: the proposal.
        thresholds: from which similarity on it is no longer new.
        has_iterative_scan: see `nearest_to_vector`.

    Raises:
        psycopg.Error: if a statement fails; the transaction must then be rolled back.
    """
    search = _Search(connection, tenant_id, thresholds.low_novelty, has_iterative_scan)
    verdict, nearest = _compare(search, proposal, thresholds)
    if verdict is Verdict.DUPLICATE:
        _note(connection, tenant_id, "gate_duplicate", proposal.article.title, nearest[0])
        return StoredProposal(verdict, nearest)
    article, status = proposal.article, proposal.article.wanted_status
    if verdict is Verdict.LOW_NOVELTY:
        novelty = proposal_novelty(verdict, nearest)
        article = article.model_copy(
            update={"metadata": {**article.metadata, "proposal_novelty": novelty}}
        )
        status = ArticleStatus.DRAFT
    created = create(connection, tenant_id, article, status, proposal.actor)
    if created is None:
        existing = find_existing(connection, tenant_id, article, proposal.viewer)
        return StoredProposal(verdict, nearest, existing=existing, is_slug_taken=existing is None)
    if verdict is Verdict.LOW_NOVELTY:
        _note(connection, tenant_id, "gate_draft", article.title, nearest[0])
    if proposal.is_gated and status is ArticleStatus.PUBLISHED:
        _keep_vector(connection, tenant_id, created, proposal)
        if verdict is Verdict.UNKNOWN or _has_pending_articles(connection, tenant_id):
            parameters = {"tenant_id": tenant_id, "article_id": created}
            connection.execute(statement(__package__, "check_again"), parameters)
    return StoredProposal(verdict, nearest, created=created)


def _compare(
    search: "_Search", proposal: Proposal, thresholds: GateThresholds
) -> tuple[Verdict | None, list[SimilarArticle]]:
    """Return the verdict; unknown if the articles cannot be read: a gate does not stop writers."""
    if not proposal.is_gated:
        return None, []
    if proposal.embedded is None:
        return Verdict.UNKNOWN, []
    try:
        with search.connection.transaction():
            nearest = search.nearest(proposal, proposal.embedded)
    except psycopg.Error as error:
        if search.connection.broken:
            raise
        _logger.warning("The gate could not compare a proposal (SQLSTATE %s)", error.sqlstate)
        return Verdict.UNKNOWN, []
    return thresholds.verdict(nearest[0].similarity if nearest else None), nearest


@dataclass(frozen=True, slots=True)
class _Search:
    """How near articles are searched in a transaction of the tenant."""

    connection: TenantConnection
    tenant_id: UUID
    least: float
    has_iterative_scan: bool

    def nearest(self, proposal: Proposal, embedded: EmbeddedText) -> list[SimilarArticle]:
        """Return the near articles, once no other proposal of the tenant is being stored."""
        tenant = {"tenant_id": self.tenant_id}
        self.connection.execute(statement(__package__, "lock_proposals"), tenant)
        found = nearest_to_vector(
            self.connection,
            self.tenant_id,
            embedded.vector,
            embedded.space,
            {"project_id": proposal.article.project_id, **proposal.viewer.parameters},
            limit=NEIGHBOURS,
            has_iterative_scan=self.has_iterative_scan,
        )
        near = [article for article in found if article.similarity >= self.least]
        parameters = {
            **tenant,
            "article_ids": [article.id for article in near],
            "similarities": [article.similarity for article in near],
        }
        cursor = self.connection.cursor(row_factory=class_row(SimilarArticle))
        return cursor.execute(statement(__package__, "near_articles"), parameters).fetchall()


def _keep_vector(
    connection: TenantConnection, tenant_id: UUID, article_id: UUID, proposal: Proposal
) -> None:
    """Store the vector that was paid for, with its hash: no run pays for it again."""
    article, embedded = proposal.article, proposal.embedded
    if embedded is None:
        return
    space, text = embedded.space, article_text(article.title, article.body)
    known = content_hash(space.model, space.dimension, text)
    write_new_vector(connection, tenant_id, article_id, (known, embedded.vector), space)


def _has_pending_articles(connection: TenantConnection, tenant_id: UUID) -> bool:
    """Return whether there are articles that a proposal could not be compared with."""
    pending = statement(__package__, "has_pending_articles")
    return connection.execute(pending, {"tenant_id": tenant_id}).fetchone() is not None


def _note(
    connection: TenantConnection, tenant_id: UUID, kind: str, title: str, near: SimilarArticle
) -> None:
    """Add a row to the tenant's curation log, if the tenant keeps one."""
    did = "not created" if kind == "gate_duplicate" else "created as a draft"
    parameters = {
        "tenant_id": tenant_id,
        "id": uuid4(),
        "kind": kind,
        "summary": f"{title!r} was {did}: similarity {near.similarity:.3f} to {near.title!r}",
        "article_id": near.id,
        "metadata": Jsonb({"similarity": near.similarity}),
    }
    connection.execute(statement(__package__, "note_curation"), parameters)
