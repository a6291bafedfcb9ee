"""How the gate answers a proposed article."""

import json
from typing import Final
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, Field

from loopctl_pipelines.api.article_answers import Article
from loopctl_pipelines.api.errors import RequestRefusedError, invalid
from loopctl_pipelines.knowledge.articles.creating import ExistingArticle, Match
from loopctl_pipelines.knowledge.articles.reading import ShownArticle
from loopctl_pipelines.knowledge.proposals.storing import StoredProposal
from loopctl_pipelines.knowledge.proposals.verdict import Verdict
from loopctl_pipelines.llm.failures import FailureKind

_NOTES: Final = {
    Verdict.DUPLICATE: "An article says this already. Change it, or repeat with force.",
    Verdict.LOW_NOVELTY: "Created as a draft: it is near to the articles in gate.nearest.",
    Verdict.NOVEL: None,
    Verdict.UNKNOWN: "The gate could not compare it; it is compared when its vector has landed.",
}
_GATE_VERDICTS: Final = {Verdict.LOW_NOVELTY: "gated_to_draft"}
"""The word that loopctl's clients know; all other verdicts are named as they are."""


class Near(BaseModel):
    """A published article that is near to the proposed one."""

    id: UUID
    project_id: UUID | None = Field(None, description="Null or absent: the whole tenant's.")
    title: str = Field(examples=["Backoff"])
    similarity: float = Field(examples=[0.9123])


class Gate(BaseModel):
    """What the gate found."""

    verdict: str = Field(
        description="novel, gated_to_draft, duplicate, or unknown.", examples=["novel"]
    )
    novelty: Verdict = Field(description="The same, with `low_novelty` for gated_to_draft.")
    similarity: float | None = Field(
        None, description="Of the nearest article; null or absent: none is near.", examples=[0.9123]
    )
    nearest: list[Near] = Field(description="From the threshold of low novelty on.", examples=[[]])
    reason: str | None = Field(
        None, description="Why the verdict is unknown: a closed code.", examples=["circuit_open"]
    )


class ProposalBody(BaseModel):
    """The new article, or the one that is there already (then with id and status at least)."""

    data: Article | dict[str, str]
    deduplicated: bool = Field(default=False, description="true: nothing was created.")
    gate: Gate | None = Field(None, description="Absent: the gate was not asked.")
    note: str | None = None


def proposal_response(
    stored: StoredProposal, shown: ShownArticle | None, reason: FailureKind | None
) -> Response:
    """Return the answer to a proposal.

    Args:
        stored: what was done.
        shown: the article that was created, or that is in the way.
        reason: why the gate fell open; None: it did not.

    Raises:
        RequestRefusedError: 409 or 422, if another article is in the way.
    """
    if stored.is_slug_taken:
        raise invalid("slug", "has already been taken")
    if stored.existing is not None:
        return known_response(stored.existing, shown)
    gate = _gate(stored, reason)
    note = stored.verdict and _NOTES[stored.verdict]
    if stored.verdict is Verdict.DUPLICATE:
        top = stored.nearest[0]
        data = json.dumps({"id": str(top.id), "title": top.title, "status": "published"})
        return _answer(200, data, deduplicated=True, gate=gate, note=note)
    return _answer(201, shown.item if shown else "{}", gate=gate, note=note)


def _gate(stored: StoredProposal, reason: FailureKind | None) -> Gate | None:
    if stored.verdict is None:
        return None
    nearest = [
        Near(id=near.id, project_id=near.project_id, title=near.title, similarity=near.similarity)
        for near in stored.nearest
    ]
    return Gate(
        verdict=_GATE_VERDICTS.get(stored.verdict, stored.verdict.value),
        novelty=stored.verdict,
        similarity=nearest[0].similarity if nearest else None,
        nearest=nearest,
        reason=reason and reason.value,
    )


def known_response(existing: ExistingArticle, shown: ShownArticle | None) -> Response:
    """Return the answer to a proposal whose key or title exists already.

    Raises:
        RequestRefusedError: 409, if that is another article.
    """
    if existing.match is Match.SAME_TEXT and shown is not None:
        return _answer(200, shown.item, deduplicated=True)
    if existing.match is Match.SAME_KEY:
        data = json.dumps({"id": str(existing.id), "status": existing.status})
        return _answer(200, data, deduplicated=True)
    raise _conflict(existing)


def _conflict(existing: ExistingArticle) -> RequestRefusedError:
    if existing.match is Match.HIDDEN:
        message = "An article with this idempotency key or title exists"
        return RequestRefusedError(409, message, code="article_conflict")
    message = "Another article of the tenant has this title, with another body"
    details = {"existing_article_id": str(existing.id)}
    return RequestRefusedError(409, message, code="title_conflict", details=details)


def _answer(
    status: int,
    data: str,
    *,
    deduplicated: bool = False,
    gate: Gate | None = None,
    note: str | None = None,
) -> Response:
    """Return the answer; `data` is PostgreSQL's JSON."""
    parts = [f'"data":{data}']
    if deduplicated:
        parts.append('"deduplicated":true')
    if gate is not None:
        parts.append(f'"gate":{gate.model_dump_json(exclude_none=gate.reason is None)}')
    if note is not None:
        parts.append(f'"note":{json.dumps(note)}')
    return Response(f"{{{','.join(parts)}}}", status, media_type="application/json")
