"""The layout of the code base: a sentence for each folder, and files short enough to read whole."""

import ast
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).parents[1]
_PRODUCT = _REPOSITORY / "loopctl_pipelines"
_TESTS = _REPOSITORY / "loopctl_pipelines_tests"
_MOST_LINES = {_PRODUCT: 250, _TESTS: 350}


def _modules(root: Path) -> list[Path]:
    return sorted(root.rglob("*.py"))


@pytest.mark.parametrize(
    "folder",
    sorted({module.parent for module in _modules(_PRODUCT)}),
    ids=lambda folder: str(folder.relative_to(_REPOSITORY)),
)
def test_each_folder_says_what_belongs_there_and_what_does_not(folder: Path) -> None:
    said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    belongs, _, does_not = said.partition("\n\n")
    assert len(belongs.split()) > 4
    assert len(does_not.split()) > 2


@pytest.mark.parametrize("root", _MOST_LINES, ids=lambda root: root.name)
def test_no_file_is_too_long_to_be_read_whole(root: Path) -> None:
    lines = {str(module): len(module.read_text().splitlines()) for module in _modules(root)}
    assert {name: count for name, count in lines.items() if count > _MOST_LINES[root]} == {}
