"""Requests to take documents, as JSON has them, and the answers to them."""

from collections.abc import Collection
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    WithJsonSchema,
)

from loopctl_pipelines.api.errors import RequestRefusedError
from loopctl_pipelines.api.query_values import OptionalUuid
from loopctl_pipelines.api.request_bodies import MOST_FIELDS
from loopctl_pipelines.api.timestamps import Timestamp, naive_utc
from loopctl_pipelines.knowledge.ingestion.errors import IngestionRefusedError, Refusal
from loopctl_pipelines.knowledge.ingestion.fetching import web_address
from loopctl_pipelines.knowledge.ingestion.submission.request import (
    MOST_CHARACTERS,
    SOURCE_TYPES,
    IngestionRequest,
    validate_request,
)
from loopctl_pipelines.knowledge.ingestion.submission.submit import Submitted
from loopctl_pipelines.terminal_text import shortened

MOST_BYTES: Final = 6 * MOST_CHARACTERS + 65_536
"""Of a body: JSON takes up to 6 bytes for each character but those beyond U+FFFF."""

MOST_ITEMS: Final = 50
_MOST_NAME_CHARACTERS: Final = 64


def _publish(value: object) -> object:
    return value == "true" if value is None or isinstance(value, str) else value


class IngestBody(BaseModel):
    """A document to take: exactly one of `url` and `content`."""

    model_config = ConfigDict(extra="forbid")

    # the domain validates these three, and says by a code what is wrong with them
    url: Annotated[
        object,
        WithJsonSchema({"type": "string", "maxLength": web_address.MOST_CHARACTERS}),
    ] = Field(
        None, description="Of a page that everyone may read.", examples=["https://example.org/a"]
    )
    content: Annotated[
        object, WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MOST_CHARACTERS})
    ] = Field(None, description="Text or Markdown.")
    source_type: Annotated[
        object, WithJsonSchema({"type": "string", "enum": list(SOURCE_TYPES)})
    ] = Field(
        None, description="Unset: web_article for a url, otherwise ingestion.", examples=["manual"]
    )
    project_id: OptionalUuid = Field(None, description="Empty: the articles are of all projects.")
    publish: Annotated[StrictBool, BeforeValidator(_publish)] = Field(
        default=False, description="true: the articles are published at once, unreviewed."
    )
    metadata: dict[str, Any] | None = Field(None, description="Accepted, and not kept.")


class BatchBody(BaseModel):
    """Documents to take."""

    model_config = ConfigDict(extra="forbid")

    # each item has an outcome of its own
    items: Annotated[
        list[Any],
        Field(min_length=1, max_length=MOST_ITEMS),
        WithJsonSchema(
            {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_ITEMS,
                "items": IngestBody.model_json_schema(),
            }
        ),
    ]


class QueuedDocument(BaseModel):
    """A document that waits for its extraction."""

    id: UUID = Field(description="Of the request that waits.")
    status: Literal["queued", "already_queued"]
    content_hash: str = Field(
        description="Hex SHA-256 of the whole url or of the content.",
        examples=["2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"],
    )
    source_type: str | None = Field(None, description="Only if it is new.", examples=["manual"])
    inserted_at: Timestamp | None = Field(
        None, description="Only if it is new.", examples=["2026-04-03T02:00:03.120394Z"]
    )


class QueuedDocumentBody(BaseModel):
    """The answer for one document."""

    data: QueuedDocument


class RefusedDocument(BaseModel):
    """A document of a batch that was not taken."""

    status: Literal["error"]
    error: str = Field(description="A code.", examples=["unknown_source_type"])
    message: str = Field(description="What is wrong.", examples=["The content is blank"])


class BatchOutcome(BaseModel):
    """What happened to each document, in the order of the items."""

    data: list[QueuedDocument | RefusedDocument]


def request_of(value: object, ports: Collection[int]) -> IngestionRequest:
    """Return the request that a JSON value is.

    Args:
        value: an item of a batch, or the whole body.
        ports: ports that an address may have.

    Raises:
        IngestionRefusedError: with the code and the field, if it cannot be used.
    """
    if not isinstance(value, dict):
        raise IngestionRefusedError(Refusal.INVALID_TYPE, "body", "A document must be an object")
    if len(value) > MOST_FIELDS:
        problem = "A document has no such number of fields"
        raise IngestionRefusedError(Refusal.UNKNOWN_FIELD, "body", problem)
    try:
        given = IngestBody.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    else:
        return validate_request(
            ports=ports,
            url=given.url,
            content=given.content,
            source_type=given.source_type,
            project_id=given.project_id,
            publish=given.publish,
        )
    # a name with half a character has no place
    field = shortened(str([*first["loc"], "body"][0]), _MOST_NAME_CHARACTERS)
    if first["type"] == "extra_forbidden":
        raise IngestionRefusedError(Refusal.UNKNOWN_FIELD, field, f"{field} is no field of this")
    raise IngestionRefusedError(Refusal.INVALID_TYPE, field, f"{field}: {first['msg']}")


def refusal_of(error: IngestionRefusedError) -> RequestRefusedError:
    """Return the error as the answer to a request for one document."""
    details = {error.field: [error.problem]}
    return RequestRefusedError(422, error.problem, code=error.code, details=details)


def queued_document(submitted: Submitted) -> QueuedDocument:
    """Return a queued request as it is shown."""
    is_new = submitted.status == "queued"
    return QueuedDocument(
        id=submitted.id,
        status=submitted.status,
        content_hash=submitted.content_hash,
        source_type=submitted.source_type if is_new else None,
        inserted_at=naive_utc(submitted.inserted_at) if is_new else None,
    )


def refused_document(error: IngestionRefusedError) -> RefusedDocument:
    """Return a refusal as it is shown in a batch."""
    return RefusedDocument(status="error", error=error.code, message=error.problem)
