"""The documentation names what exists: links, paths, modules and settings."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from loopctl_pipelines.costs.table_use import COST_TABLES, RETENTION_TABLES
from loopctl_pipelines.errors import SettingsError
from loopctl_pipelines.knowledge.embedding.table_use import EMBEDDING_TABLES
from loopctl_pipelines.llm.table_use import LLM_TABLES
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.settings_read import settings_read

_REPOSITORY: Final = Path(__file__).parents[1]
_DOCUMENTS: Final = sorted(
    [
        *(_REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *(_REPOSITORY / "docs").rglob("*.md"),
    ]
)
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_CODE: Final = re.compile(r"`([^`\n]+)`")
_FENCE: Final = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
_PATH: Final = re.compile(r"[\w.-]+(?:/[\w.-]+)*/|[\w./-]*[\w-]+\.(?:py|sql|toml|yaml|lock|md|txt)")
_ROOTS: Final = ("", "loopctl_pipelines", "loopctl_pipelines/database", "docs")
"""Folders that paths in the documentation are relative to."""

_SETTING: Final = re.compile(r"\bLOOPCTL_[A-Z_]*[A-Z]\b")
_ROW: Final = re.compile(r"^\| `(LOOPCTL_\w+)` \| (.+?) \| (.+?) \| .+ \|$", re.MULTILINE)
_RANGE: Final = re.compile(r"(\d+) to (\d+)")
_EXAMPLES: Final = frozenset({"loopctl_pipelines/costs/tenant_counts.py", "LOOPCTL_EXAMPLE_DAYS"})
"""What the recipes of CONTRIBUTING.md make."""

_IDS: Final = [str(path.relative_to(_REPOSITORY)) for path in _DOCUMENTS]
each_document = pytest.mark.parametrize("document", _DOCUMENTS, ids=_IDS)


def _settings_page() -> str:
    return (_REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")


def _rows() -> list[tuple[str, str, str]]:
    return _ROW.findall(_settings_page())


def _anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def _prose(document: Path) -> str:
    return _FENCE.sub("", document.read_text(encoding="utf-8"))


def _paths(document: Path) -> Iterator[str]:
    for code in _CODE.findall(_prose(document)):
        if _PATH.fullmatch(code) and code not in _EXAMPLES:
            yield code


@each_document
def test_each_link_leads_to_a_file_and_to_a_heading(document: Path) -> None:
    wrong = []
    for link in _LINK.findall(_prose(document)):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            wrong.append(link)
    assert wrong == []


@each_document
def test_each_path_named_exists(document: Path) -> None:
    missing = [
        path
        for path in _paths(document)
        if not any((_REPOSITORY / root / path).exists() for root in _ROOTS)
        and not any(_REPOSITORY.glob(f"loopctl_pipelines*/**/{path}"))
    ]
    assert missing == []


@each_document
def test_each_setting_named_exists(document: Path) -> None:
    named = set(_SETTING.findall(document.read_text(encoding="utf-8")))
    # the prefix of a group of settings
    assert named - settings_read() - _EXAMPLES - {"LOOPCTL_ANOMALY"} == set()


def test_every_setting_is_on_the_page_of_settings_and_nothing_else_is() -> None:
    documented = [name for name, _, _ in _rows()]
    assert sorted(documented) == sorted(settings_read())


def test_the_defaults_on_the_page_of_settings_are_right() -> None:
    defaults = {name: default.strip("`") for name, default, _ in _rows() if default.startswith("`")}
    assert len(defaults) > 10
    for name, default in defaults.items():
        assert Settings.from_environment({name: default}) == Settings.from_environment({}), name


def test_the_ranges_on_the_page_of_settings_are_right() -> None:
    ranges = {
        name: (int(found[1]), int(found[2]))
        for name, _, allowed in _rows()
        if (found := _RANGE.fullmatch(allowed))
    }
    assert len(ranges) > 5
    for name, (low, high) in ranges.items():
        Settings.from_environment({name: str(low)})
        Settings.from_environment({name: str(high)})
        for outside in (low - 1, high + 1):
            with pytest.raises(SettingsError, match=name):
                Settings.from_environment({name: str(outside)})


def test_the_page_of_permissions_names_every_table_of_loopctl_s_that_is_used() -> None:
    page = (_REPOSITORY / "docs" / "database-permissions.md").read_text(encoding="utf-8")
    for use in (COST_TABLES, RETENTION_TABLES, EMBEDDING_TABLES, LLM_TABLES):
        for table in {*use.read, *use.written, *use.appended, *use.unprotected}:
            assert table.startswith("loopctl_pipelines.") or f"`{table}`" in page, table


def _messages() -> Iterator[str]:
    """Yield every text of the code, with … for what is put in."""
    for module in (_REPOSITORY / "loopctl_pipelines").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                constants = (part for part in node.values if isinstance(part, ast.Constant))
                yield "…".join(str(part.value) for part in constants)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_each_message_on_the_page_of_troubleshooting_is_one_of_the_code() -> None:
    page = (_REPOSITORY / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert len(named) > 15
    messages = "\n".join(_messages())
    parts = [part.strip() for text in named for part in text.split("…")]
    assert [part for part in parts if part not in messages] == []


def test_each_page_is_in_the_navigation_of_the_site() -> None:
    site = (_REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8")
    pages = {path.name for path in (_REPOSITORY / "docs").glob("*.md")}
    assert {page for page in pages if f": {page}\n" not in site} == set()


def test_the_readme_is_short() -> None:
    lines = (_REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150
    assert max(map(len, lines)) <= 120
