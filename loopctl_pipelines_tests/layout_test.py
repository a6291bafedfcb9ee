"""The layout of the code base: a sentence for each folder."""

import ast
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).parents[1]
_PRODUCT = _REPOSITORY / "loopctl_pipelines"


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
