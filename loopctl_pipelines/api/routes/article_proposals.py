"""`POST /api/v1/articles`: creates an article, unless the gate finds that it is there already."""

from functools import partial
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response

from loopctl_pipelines.api.access.authentication import AgentCaller, TenantCaller
from loopctl_pipelines.api.access.keys import Role
from loopctl_pipelines.api.access.knowledge_base import KNOWLEDGE_BASE
from loopctl_pipelines.api.article_answers import PathId, path_uuid, viewer_of
from loopctl_pipelines.api.errors import RequestRefusedError, documented, invalid, refused
from loopctl_pipelines.api.proposal_answers import (
    ProposalBody,
    known_response,
    proposal_response,
)
from loopctl_pipelines.api.request_bodies import json_body, read_body
from loopctl_pipelines.api.routes.article_changes import MOST_ARTICLE_BYTES
from loopctl_pipelines.api.service import Service, service_of
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.articles.article_fields import NewArticle
from loopctl_pipelines.knowledge.articles.creating import ExistingArticle, find_existing
from loopctl_pipelines.knowledge.articles.metadata import claims_an_agent, metadata_problem
from loopctl_pipelines.knowledge.articles.projects import project_exists
from loopctl_pipelines.knowledge.articles.reading import ShownArticle, read_article
from loopctl_pipelines.knowledge.articles.visibility import Viewer
from loopctl_pipelines.knowledge.embedding.texts.text import article_text
from loopctl_pipelines.knowledge.embedding.work.text_embedding import EmbeddedText
from loopctl_pipelines.knowledge.proposals.storing import (
    Proposal,
    StoredProposal,
    store_proposal,
)
from loopctl_pipelines.knowledge.proposals.verdict import GateThresholds
from loopctl_pipelines.knowledge.search.operator_queries import has_iterative_scan
from loopctl_pipelines.llm.failures import ProviderFailure

router = APIRouter(prefix="/api/v1", tags=["Articles"], dependencies=[KNOWLEDGE_BASE])

_ERRORS: Final = (400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
_KNOWN: Final[dict[str, object]] = {
    "model": ProposalBody,
    "description": "Nothing was created: it is there already.",
}
_EXAMPLE: Final = {
    "title": "Retry with jitter",
    "body": "Retries that wait equally long meet again.",
    "category": "pattern",
    "tags": ["retries"],
}


@router.post(
    "/articles",
    operation_id="create_article",
    summary="Propose an article",
    status_code=201,
    response_model=ProposalBody,
    responses={200: _KNOWN, **documented(_ERRORS)},
    openapi_extra=json_body(NewArticle, _EXAMPLE),
)
async def create_article(request: Request, caller: AgentCaller) -> Response:
    """Create an article, after the gate has compared it with those that are there. Role: agent.

    200 with `deduplicated`: the same key or text is there, or an article that is nearly equal.
    """
    article = await read_body(request, NewArticle, MOST_ARTICLE_BYTES)
    return await _propose(service_of(request), caller, article)


@router.post(
    "/projects/{project_id}/articles",
    operation_id="create_project_article",
    summary="Propose an article of a project",
    status_code=201,
    response_model=ProposalBody,
    responses={200: _KNOWN, **documented(_ERRORS)},
    openapi_extra=json_body(NewArticle, _EXAMPLE),
)
async def create_project_article(
    request: Request, caller: AgentCaller, project_id: PathId
) -> Response:
    """Create an article of this project, whatever `project_id` the body has. Role: agent."""
    article = await read_body(request, NewArticle, MOST_ARTICLE_BYTES)
    article = article.model_copy(update={"project_id": path_uuid(project_id)})
    return await _propose(service_of(request), caller, article, project_in_path=True)


async def _propose(
    service: Service, caller: TenantCaller, article: NewArticle, *, project_in_path: bool = False
) -> Response:
    article = _as_caller(article, caller)
    viewer = viewer_of(caller)
    known = await service.threads.run(
        partial(
            _find,
            tenant_id=caller.tenant_id,
            article=article,
            viewer=viewer,
            project_in_path=project_in_path,
        )
    )
    if known is not None:
        return known_response(*known)
    embedded = None if article.force else await _embed(service, caller, article)
    reason = embedded.kind if isinstance(embedded, ProviderFailure) else None
    vector = embedded if isinstance(embedded, EmbeddedText) else None
    proposal = Proposal(article, viewer, caller.actor, vector, is_gated=not article.force)
    settings = service.settings
    thresholds = GateThresholds(settings.duplicate_similarity, settings.low_novelty_similarity)
    stored, shown = await service.threads.run(
        partial(_store, tenant_id=caller.tenant_id, proposal=proposal, thresholds=thresholds)
    )
    return proposal_response(stored, shown, reason)


async def _embed(
    service: Service, caller: TenantCaller, article: NewArticle
) -> EmbeddedText | ProviderFailure:
    text = article_text(article.title, article.body)
    return await service.embeddings.embed(caller.tenant_id, text, "article")


def _as_caller(article: NewArticle, caller: TenantCaller) -> NewArticle:
    """Return the article with the agent that proposes it.

    Raises:
        RequestRefusedError: 403, if the caller may not say so; 422, if metadata do not fit.
    """
    if article.scope == "system":
        message = "System articles are loopctl's own"
        raise RequestRefusedError(403, message, code="system_scope_forbidden")
    if caller.role > Role.AGENT or not claims_an_agent(article.metadata):
        return article
    if caller.agent_id is None:
        message = "The key belongs to no agent, so it cannot speak for one"
        raise RequestRefusedError(403, message, code="agent_identity_required")
    metadata = {**article.metadata, "agent_id": str(caller.agent_id)}
    if problem := metadata_problem(metadata):
        raise invalid("metadata", problem)
    return article.model_copy(update={"metadata": metadata})


def _find(
    database: Database,
    tenant_id: UUID,
    article: NewArticle,
    viewer: Viewer,
    *,
    project_in_path: bool,
) -> tuple[ExistingArticle, ShownArticle | None] | None:
    with database.tenant_transaction(tenant_id) as connection:
        project = article.project_id
        if project is not None and not project_exists(connection, tenant_id, project):
            raise refused(404) if project_in_path else _no_project()
        existing = find_existing(connection, tenant_id, article, viewer)
        if existing is None:
            return None
        return existing, read_article(connection, tenant_id, existing.id, viewer)


def _store(
    database: Database, tenant_id: UUID, proposal: Proposal, thresholds: GateThresholds
) -> tuple[StoredProposal, ShownArticle | None]:
    iterative = proposal.embedded is not None and has_iterative_scan(database)
    with database.tenant_transaction(tenant_id) as connection:
        stored = store_proposal(
            connection, tenant_id, proposal, thresholds, has_iterative_scan=iterative
        )
        shown_id = stored.existing.id if stored.existing else stored.created
        if shown_id is None:
            return stored, None
        return stored, read_article(connection, tenant_id, shown_id, proposal.viewer)


def _no_project() -> RequestRefusedError:
    return invalid("project_id", "is no project of the tenant")
