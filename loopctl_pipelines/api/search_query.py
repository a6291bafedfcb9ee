"""The parameters of a search, by loopctl's rules: some are read leniently, the others refused."""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from loopctl_pipelines.api.access.authentication import TenantCaller
from loopctl_pipelines.api.article_answers import viewer_of
from loopctl_pipelines.api.errors import refused
from loopctl_pipelines.api.query_values import LARGEST, Flag, NoQuery, OptionalUuid
from loopctl_pipelines.knowledge.articles.categories import CATEGORIES
from loopctl_pipelines.knowledge.search.ranked.rules import (
    TEXT_CHARACTERS,
    Filters,
    SearchMode,
    Slice,
    searchable_text,
)

LARGEST_RANKED: Final = 100
LARGEST_LIST: Final = 1_000
LARGEST_WITH_BODY: Final = 25
_DEFAULT_LIMIT: Final = 10
_LARGEST_OFFSET: Final = 1_000_000
_WHOLE = re.compile(r"[+-]?[0-9]+")
_MATCHES: Final = ("any", "all")
_DIGITS: Final = 18


def _whole(text: object, default: int, least: int, most: int) -> object:
    """Read a whole number strictly: `2abc` is the default."""
    if not isinstance(text, str):
        return text
    if not _WHOLE.fullmatch(text):
        return default
    number = LARGEST if len(text) > _DIGITS else int(text)
    return min(max(-number if text[0] == "-" and number > 0 else number, least), most)


def _limit(text: object) -> object:
    return _whole(text, _DEFAULT_LIMIT, 1, LARGEST_LIST)


def _offset(text: object) -> object:
    return _whole(text, 0, 0, _LARGEST_OFFSET)


def _integer(least: int, most: int, default: int) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "integer", "minimum": least, "maximum": most, "default": default}
    )


class SearchQuery(NoQuery):
    """The parameters of a search."""

    q: str = Field(
        "",
        description=f"The text, at most {TEXT_CHARACTERS} characters. Quotes make a phrase, `or` "
        "an alternative, `-` excludes a word. Without it, a list: then give `category` or `tags`.",
        examples=["retry a failed job"],
    )
    mode: str = Field(
        SearchMode.COMBINED.value,
        description="keyword, semantic or combined.",
        examples=["combined"],
    )
    project_id: OptionalUuid = Field(
        None, description="The project's articles, and those of the whole tenant. Empty: all."
    )
    category: str = Field("", description="Empty: all.", examples=["decision"])
    tags: str = Field("", description="Separated by commas. Empty: all.", examples=["retry,jobs"])
    match: str = Field("any", description="any of the tags, or all of them.", examples=["any"])
    limit: Annotated[int, BeforeValidator(_limit), _integer(1, LARGEST_LIST, _DEFAULT_LIMIT)] = (
        Field(
            _DEFAULT_LIMIT,
            description=f"Clamped to 1 to {LARGEST_LIST}, in a search for a text to "
            f"{LARGEST_RANKED}; {_DEFAULT_LIMIT} for anything that is not a number.",
        )
    )
    offset: Annotated[int, BeforeValidator(_offset), _integer(0, _LARGEST_OFFSET, 0)] = Field(
        0, description="Articles before the page. Past the end the page is empty."
    )
    cursor: str | None = Field(
        None, description="List only: the next articles after it. Empty: from the start."
    )
    include_body: Flag = Field(
        default=False, description=f"With a cursor and a limit of at most {LARGEST_WITH_BODY}."
    )

    @property
    def text(self) -> str:
        """The text that is searched for; empty: a list is wanted."""
        return searchable_text(self.q)

    @property
    def ranked_slice(self) -> Slice:
        """The page of a search for a text."""
        return Slice(min(self.limit, LARGEST_RANKED), self.offset)

    def check(self) -> SearchMode:
        """Return the mode.

        Raises:
            RequestRefusedError: 400, naming the parameter that cannot be used.
        """
        if len(self.q.strip()) > TEXT_CHARACTERS:
            raise refused(400, f"q must be at most {TEXT_CHARACTERS} characters")
        if self.mode not in set(SearchMode):
            raise refused(400, f"mode must be one of {', '.join(SearchMode)}")
        if self.category and self.category not in CATEGORIES:
            raise refused(400, f"category must be one of {', '.join(sorted(CATEGORIES))}")
        if self.match not in _MATCHES:
            raise refused(400, f"match must be one of {', '.join(_MATCHES)}")
        if self.text and self.cursor is not None:
            raise refused(400, "cursor cannot be used with q")
        if not self.text and not self.category and not self._tags():
            raise refused(400, "q is required, unless tags or category is given")
        if self.include_body and self.cursor is None:
            raise refused(400, "include_body needs a cursor; an empty one is the start")
        if self.include_body and self.limit > LARGEST_WITH_BODY:
            raise refused(400, f"include_body needs a limit of at most {LARGEST_WITH_BODY}")
        return SearchMode(self.mode)

    def filters(self, caller: TenantCaller) -> Filters:
        """Return which articles the caller searches."""
        return Filters(
            self.project_id,
            self.category or None,
            self._tags() or None,
            all_tags=self.match == "all",
            viewer=viewer_of(caller),
        )

    def _tags(self) -> tuple[str, ...]:
        given = (searchable_text(tag) for tag in self.tags.split(","))
        return tuple(tag for tag in given if tag)
