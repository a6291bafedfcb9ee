"""The SQL of docs/database-permissions.md."""

import re
from pathlib import Path
from typing import NamedTuple

_PAGE = Path(__file__).parents[2] / "docs" / "database-permissions.md"


class PageSql(NamedTuple):
    """The blocks of SQL, in the page's order; a superuser runs them.

    Attributes:
        roles: before the upgrade.
        extension: before it, if pgvector is on the server.
        rights: after the upgrade, the operator's login.
        rights_on_articles: after it, if pgvector is on the server.
        dagster: Dagster's database.
        dagster_on_15: on PostgreSQL 15, in Dagster's database.
    """

    roles: str
    extension: str
    rights: str
    rights_on_articles: str
    dagster: str
    dagster_on_15: str


def page_sql() -> PageSql:
    """Return the SQL of the page."""
    return PageSql(*re.findall(r"```sql\n(.*?)```", _PAGE.read_text(encoding="utf-8"), re.DOTALL))
