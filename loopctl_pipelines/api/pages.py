"""Pages of a list: the query parameters, the statement's page, the response.

Page numbers and sizes are read leniently, which is loopctl's rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Response
from psycopg.rows import class_row
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from loopctl_pipelines.api.query_values import LARGEST, NoQuery, lenient_whole
from loopctl_pipelines.database.connection import Database

DEFAULT_SIZE = 20
LARGEST_SIZE = 100
# past the end of every list, and far enough below bigint's limit for PostgreSQL's arithmetic
_LARGEST_OFFSET = 2**62


def _page(text: object) -> object:
    return max(lenient_whole(text, 1), 1) if isinstance(text, str) else text


def _page_size(text: object) -> object:
    if not isinstance(text, str):
        return text
    return min(max(lenient_whole(text, DEFAULT_SIZE), 1), LARGEST_SIZE)


def _whole(largest: int, default: int) -> WithJsonSchema:
    schema = {"type": "integer", "minimum": 1, "maximum": largest, "default": default}
    return WithJsonSchema(schema)


class PageQuery(NoQuery):
    """The parameters of every list. Numbers are read leniently: `2abc` is 2."""

    page: Annotated[int, BeforeValidator(_page), _whole(LARGEST, 1)] = Field(
        1,
        description="From 1; anything that is not a number is 1. Past the end the list is empty.",
    )
    page_size: Annotated[int, BeforeValidator(_page_size), _whole(LARGEST_SIZE, DEFAULT_SIZE)] = (
        Field(
            DEFAULT_SIZE,
            description="Clamped to 1 to 100; 20 for anything that is not a number.",
        )
    )

    @property
    def offset(self) -> int:
        """The number of rows before the page."""
        return min((self.page - 1) * self.page_size, _LARGEST_OFFSET)


class PageMeta(BaseModel):
    """Position of the page, from the same snapshot as its rows."""

    page: int = Field(examples=[1])
    page_size: int = Field(examples=[20])
    total_count: int = Field(description="Rows on all pages.", examples=[1])
    total_pages: int = Field(description="0 where there are no rows.", examples=[1])


@dataclass(frozen=True, slots=True)
class Page:
    """A page as PostgreSQL returns it.

    Attributes:
        total: rows on all pages.
        items: the page's rows, a JSON array.
    """

    total: int
    items: str


def read_page(
    database: Database,
    tenant_id: UUID,
    page_statement: bytes,
    parameters: Mapping[str, object],
    *,
    prepare: bool = True,
) -> Page:
    """Run a statement that returns one page of a tenant's rows.

    Args:
        database: loopctl's database.
        tenant_id: the tenant.
        page_statement: returns one row, a `Page`.
        parameters: its parameters.
        prepare: plan the statement once per connection: for most tenants planning takes longer
            than running. False: plan it for these parameters.
    """
    with database.tenant_transaction(tenant_id) as connection:
        cursor = connection.cursor(row_factory=class_row(Page))
        found = cursor.execute(page_statement, parameters, prepare=prepare).fetchone()
    return found or Page(0, "[]")


def page_response(query: PageQuery, page: Page) -> Response:
    """Return the HTTP response for the page.

    PostgreSQL's JSON is passed through: Python floats would change numbers in tenants' metadata.
    """
    meta = PageMeta(
        page=query.page,
        page_size=query.page_size,
        total_count=page.total,
        total_pages=-(-page.total // query.page_size),
    )
    body = f'{{"data":{page.items},"meta":{meta.model_dump_json()}}}'
    return Response(body, media_type="application/json")
