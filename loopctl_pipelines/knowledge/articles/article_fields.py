"""The fields of an article that a caller may send, validated before anything is read or paid. Pure.

The limits are loopctl's. Characters are code points, as PostgreSQL counts them.
"""

import re
from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, JsonValue, WithJsonSchema
from pydantic_core import PydanticCustomError

from loopctl_pipelines.knowledge.articles.categories import CATEGORIES
from loopctl_pipelines.knowledge.articles.metadata import metadata_problem
from loopctl_pipelines.knowledge.articles.transitions import ArticleStatus
from loopctl_pipelines.knowledge.ingestion.documents.text import is_valid_text
from loopctl_pipelines.knowledge.ingestion.submission.request import SOURCE_TYPES

MOST_TITLE_CHARACTERS: Final = 500
MOST_BODY_BYTES: Final = 500_000
MOST_TAGS: Final = 50
MOST_KEY_CHARACTERS: Final = 255

_TAG = re.compile(r"[A-Za-z0-9_-]{1,100}")
_SLUG = re.compile(r"[a-z0-9-]{2,64}")


def _problem(text: str) -> PydanticCustomError:
    # the text is no template: it has no placeholders
    return PydanticCustomError("article_field", text)


def _storable(text: str) -> str:
    if not is_valid_text(text):
        raise _problem("must not contain a NUL character or half a character")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise _problem("must not be blank")
    return text


def _body_size(text: str) -> str:
    if len(text.encode()) > MOST_BODY_BYTES:
        raise _problem(f"must not have more than {MOST_BODY_BYTES:,} bytes")
    return text


def _one_of(allowed: frozenset[str]) -> AfterValidator:
    def check(text: str) -> str:
        if text not in allowed:
            raise _problem(f"must be one of {', '.join(sorted(allowed))}")
        return text

    return AfterValidator(check)


def _tags(tags: list[str]) -> list[str]:
    if len(tags) > MOST_TAGS:
        raise _problem(f"must not be more than {MOST_TAGS}")
    if not all(_TAG.fullmatch(tag) for tag in tags):
        raise _problem("must each be 1 to 100 letters, digits, _ or -")
    return tags


def _slug(text: str) -> str:
    if not _SLUG.fullmatch(text):
        raise _problem("must be 2 to 64 of a to z, 0 to 9 and -")
    return text


def _metadata(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if problem := metadata_problem(metadata):
        raise _problem(problem)
    return metadata


def _flag(value: object) -> object:
    return value in {True, "true"} if isinstance(value, bool | str) else value


_Storable = AfterValidator(_storable)
Title = Annotated[
    str, Field(max_length=MOST_TITLE_CHARACTERS), _Storable, AfterValidator(_not_blank)
]
Text = Annotated[str, _Storable, AfterValidator(_not_blank), AfterValidator(_body_size)]
Category = Annotated[
    str, _one_of(CATEGORIES), WithJsonSchema({"type": "string", "enum": sorted(CATEGORIES)})
]
Tags = Annotated[list[str], AfterValidator(_tags)]
Metadata = Annotated[dict[str, JsonValue], AfterValidator(_metadata)]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
_SourceType = Annotated[
    str, _one_of(frozenset(SOURCE_TYPES)), WithJsonSchema({"enum": sorted(SOURCE_TYPES)})
]


class NewArticle(BaseModel):
    """An article that is proposed. Fields that loopctl does not know are ignored, as there."""

    title: Title = Field(description="At most 500 characters.")
    body: Text = Field(description="At most 500,000 bytes; Markdown.")
    category: Category
    tags: Tags = Field([], description="At most 50, each of letters, digits, `_` and `-`.")
    metadata: Metadata = Field({}, description="Free; `visibility` private hides it from others.")
    project_id: UUID | None = Field(None, description="Null: the article is the whole tenant's.")
    source_type: _SourceType | None = None
    source_id: UUID | None = None
    idempotency_key: (
        Annotated[str, Field(max_length=MOST_KEY_CHARACTERS), _Storable, AfterValidator(_not_blank)]
        | None
    ) = Field(None, description="A second article with the same key is not created.")
    slug: Annotated[str, AfterValidator(_slug)] | None = None
    scope: str | None = Field(None, description="`tenant`; `system` articles are loopctl's own.")
    status: JsonValue = Field(None, description="`draft`: not published; any other is ignored.")
    draft: Flag = Field(default=False, description="true: not published.")
    force: Flag = Field(default=False, description="true: created without the gate.")

    @property
    def wanted_status(self) -> ArticleStatus:
        """The state that the caller asks for."""
        wants_draft = self.draft or self.status == ArticleStatus.DRAFT
        return ArticleStatus.DRAFT if wants_draft else ArticleStatus.PUBLISHED


class ArticleChanges(BaseModel):
    """The fields to change. Null changes nothing, as in loopctl."""

    title: Title | None = None
    body: Text | None = None
    category: Category | None = None
    status: ArticleStatus | None = None
    tags: Tags | None = None
    metadata: Metadata | None = None
    project_id: UUID | None = None
