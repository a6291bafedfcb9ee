"""What the routes of articles take from a query, and how they answer."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Path, Response
from pydantic import BaseModel, Field, JsonValue

from loopctl_pipelines.api.access.authentication import TenantCaller
from loopctl_pipelines.api.access.keys import Role
from loopctl_pipelines.api.errors import RequestRefusedError, invalid, refused
from loopctl_pipelines.api.offsets import OffsetMeta, OffsetQuery, clamped, limit_schema
from loopctl_pipelines.api.query_values import Flag, OptionalUuid, parse_uuid
from loopctl_pipelines.api.timestamps import Timestamp
from loopctl_pipelines.knowledge.articles.categories import CATEGORIES
from loopctl_pipelines.knowledge.articles.errors import (
    ArticleRefusedError,
    ProjectUnknownError,
    TitleTakenError,
    VersionChangedError,
)
from loopctl_pipelines.knowledge.articles.reading import ArticleFilters, ArticleList, ShownArticle
from loopctl_pipelines.knowledge.articles.transitions import ArticleStatus
from loopctl_pipelines.knowledge.articles.visibility import Viewer

DEFAULT_LIMIT: Final = 20
LARGEST_LIMIT: Final = 1_000

PathId = Annotated[str, Path(json_schema_extra={"format": "uuid"})]


def path_uuid(text: str) -> UUID:
    """Return the id in a path.

    Raises:
        RequestRefusedError: 404, as for an unknown one, if it is not a UUID.
    """
    found = parse_uuid(text)
    if found is None:
        raise refused(404)
    return found


def viewer_of(caller: TenantCaller) -> Viewer:
    """Return the caller as one who looks at articles."""
    return Viewer(caller.agent_id, is_agent=caller.role <= Role.AGENT)


def refusal_of(error: ArticleRefusedError) -> RequestRefusedError:
    """Return the answer to a change that was refused."""
    if isinstance(error, TitleTakenError):
        return invalid("title", "has already been taken")
    if isinstance(error, ProjectUnknownError):
        return invalid("project_id", "is no project of the tenant")
    if isinstance(error, VersionChangedError):
        return refused(412, "The article was changed since it was read. Read it again")
    return refused(422, str(error))


class Article(BaseModel):
    """An article of the knowledge base."""

    id: UUID
    tenant_id: UUID
    project_id: UUID | None
    title: str = Field(examples=["Retry with jitter"])
    body: str = Field(examples=["Retries that wait equally long meet again."])
    category: str = Field(examples=["pattern"])
    status: str = Field(examples=["published"])
    tags: list[str] = Field(examples=[["retries"]])
    source_type: str | None = Field(examples=["manual"])
    source_id: UUID | None
    idempotency_key: str | None = Field(examples=["retry-note-1"])
    metadata: dict[str, JsonValue] = Field(examples=[{}])
    inserted_at: Timestamp = Field(examples=["2026-04-03T02:00:03.120394Z"])
    updated_at: Timestamp = Field(examples=["2026-04-03T02:00:03.120394Z"])


class ArticleBody(BaseModel):
    """An article."""

    data: Article


class Link(BaseModel):
    """A link from or to an article."""

    id: UUID
    article_id: UUID = Field(description="At the other end.")
    title: str = Field(examples=["Backoff"])
    relationship_type: str = Field(examples=["relates_to"])
    metadata: dict[str, JsonValue] = Field(examples=[{"similarity_score": 0.71}])


class Conflict(BaseModel):
    """An article that may say the same or the opposite, without a verdict yet."""

    article_id: UUID
    title: str = Field(examples=["Retry without jitter"])
    similarity: float | None = Field(examples=[0.95])


class LinkedArticle(Article):
    """An article with its links."""

    outgoing_links: list[Link]
    incoming_links: list[Link]
    potential_conflicts: list[Conflict]


class ShownArticleBody(BaseModel):
    """An article with its links."""

    data: LinkedArticle


class ListedArticle(Article):
    """An article in a list."""

    body: str = Field("", description="Only with `include_body=true`.")


class ArticleMeta(OffsetMeta):
    """Position of the page, from the same snapshot as its articles."""

    cut_at_body_bytes: bool = Field(
        description="The page ends early: its bodies would be too large together.", examples=[False]
    )


class ArticlePage(BaseModel):
    """Articles, the newest first."""

    data: list[ListedArticle]
    meta: ArticleMeta


class ArticleQuery(OffsetQuery):
    """Filters of the list of articles, and the page."""

    project_id: OptionalUuid = Field(None, description="Exactly this project's. Empty: all.")
    category: str = Field("", description=f"One of {', '.join(sorted(CATEGORIES))}. Empty: all.")
    status: str = Field("", description=f"One of {', '.join(ArticleStatus)}. Empty: all.")
    tags: str = Field("", description="Joined by commas. Empty: all.")
    match: str = Field("any", description="`all`: with every one of the tags; else with any.")
    source_type: str = Field("", description="Empty: all.")
    source_id: OptionalUuid = Field(None, description="Empty: all.")
    idempotency_key: str = Field("", description="Empty: all.")
    include_body: Flag = Field(default=False, description="true: with bodies.")
    limit: Annotated[
        int,
        clamped(DEFAULT_LIMIT, LARGEST_LIMIT),
        limit_schema(DEFAULT_LIMIT, LARGEST_LIMIT),
    ] = Field(DEFAULT_LIMIT, description="Clamped to 1 to 1000; 20 for what is not a number.")

    @property
    def filters(self) -> ArticleFilters:
        """The filters, validated.

        Raises:
            RequestRefusedError: 400, if state or category is unknown.
        """
        _known("status", self.status, tuple(ArticleStatus))
        _known("category", self.category, tuple(sorted(CATEGORIES)))
        tags = [tag for part in self.tags.split(",") if (tag := part.strip())] or None
        return ArticleFilters(
            project_id=self.project_id,
            category=self.category or None,
            status=self.status or None,
            any_tags=None if self.match == "all" else tags,
            all_tags=tags if self.match == "all" else None,
            source_type=self.source_type or None,
            source_id=self.source_id,
            idempotency_key=self.idempotency_key or None,
        )

    def response(self, found: ArticleList) -> Response:
        """Return the page as PostgreSQL's JSON."""
        meta = ArticleMeta(
            total_count=found.total,
            limit=self.limit,
            offset=self.offset,
            cut_at_body_bytes=found.is_cut,
        )
        body = f'{{"data":{found.items},"meta":{meta.model_dump_json()}}}'
        return Response(body, media_type="application/json")


def article_response(article: ShownArticle) -> Response:
    """Return an article as PostgreSQL's JSON, with its version."""
    headers = {"etag": f'"{article.version}"'}
    return Response(f'{{"data":{article.item}}}', media_type="application/json", headers=headers)


def _known(name: str, given: str, allowed: tuple[str, ...]) -> None:
    if given and given not in allowed:
        message = f"{name} must be one of {', '.join(allowed)}"
        raise RequestRefusedError(400, message, code=f"invalid_{name}")
