"""The login's rights in the code are those that the page of permissions grants."""

import re
from collections import defaultdict
from pathlib import Path

from loopctl_pipelines.installation.rights import (
    LOGIN_RIGHTS,
    LOGIN_RIGHTS_OF_API,
    LOGIN_RIGHTS_OF_KNOWLEDGE,
)

_PAGE = Path(__file__).parents[2] / "docs" / "database-permissions.md"
_GRANT = re.compile(
    r"^GRANT ([A-Z, ]+) ON ((?!SCHEMA)[\w., \n]+?)\s+TO loopctl_operator;", re.MULTILINE
)


def test_the_page_grants_the_login_what_is_checked_and_no_more() -> None:
    granted: dict[str, set[str]] = defaultdict(set)
    for rights, tables in _GRANT.findall(_PAGE.read_text(encoding="utf-8")):
        for table in tables.split(","):
            granted[table.strip()].update(rights.split(", "))
    checked = {**LOGIN_RIGHTS, **LOGIN_RIGHTS_OF_KNOWLEDGE, **LOGIN_RIGHTS_OF_API}
    assert granted == {table: set(rights) for table, rights in checked.items()}
