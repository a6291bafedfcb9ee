"""Finds articles by words. It reads ids and ranks of one tenant, and nothing that is shown."""

from uuid import UUID

from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.search.ranked.pages import FoundWords, Query
from loopctl_pipelines.knowledge.search.ranked.rules import Filters, Slice, Words, words_of
from loopctl_pipelines.knowledge.search.ranked.storage import parameters


def find_words(
    database: Database, tenant_id: UUID, text: str, filters: Filters, wanted: Slice
) -> FoundWords:
    """Return the articles with all words of a text; if there is none, those with any of them.

    Read what is shown of them in a transaction of the tenant. PostgreSQL cannot use the index of
    words under row-level security: of 100,000 articles it would read every one.
    """
    with database.operator_transaction() as connection:
        # compiling would take longer than the statement
        connection.execute("SET LOCAL jit = off")
        asked = {"text": words_of(text)}
        read = connection.execute(statement(__package__, "read_words"), asked).fetchone()
        assert read is not None  # noqa: S101 - a statement without FROM
        nodes, all_words, any_word = read
        query = Query(Words.ALL if nodes else Words.NONE, all_words)
        if not nodes:
            return FoundWords(query, 0, [], [])
        found = _find(connection, tenant_id, query, filters, wanted)
        if found.total or any_word is None or any_word == all_words:
            return found
        return _find(connection, tenant_id, Query(Words.ANY, any_word), filters, wanted)


def _find(
    connection: TenantConnection, tenant_id: UUID, query: Query, filters: Filters, wanted: Slice
) -> FoundWords:
    asked = parameters(tenant_id, filters, wanted) | {
        "query": query.tsquery,
        "any_word": query.words is Words.ANY,
    }
    row = connection.execute(statement(__package__, "find_words"), asked, prepare=False).fetchone()
    total, ids, ranks = row or (0, [], [])
    return FoundWords(query, total, ids, ranks)
