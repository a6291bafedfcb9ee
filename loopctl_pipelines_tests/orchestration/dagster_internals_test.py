"""Dagster's private API: one module uses it, and each name is still where it was.

These tests import none of it themselves: they work when a new Dagster has moved a name.
"""

import ast
import importlib
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import dagster
import pytest
from dagster import DagsterInstance

_REPOSITORY = Path(__file__).parents[2]
_PRODUCT = _REPOSITORY / "loopctl_pipelines/orchestration/dagster_internals.py"
_TESTS = _REPOSITORY / "loopctl_pipelines_tests/dagster_internals.py"
# methods of public classes, and of storages, that Dagster does not document
_METHODS = {
    "dagster:DagsterEvent.asset_materialization": "logs a materialization of a batch",
    "dagster:DagsterEvent.asset_observation": "logs an observation of a batch",
    "dagster:DagsterEvent.from_step": "logs an evaluation of a batch",
    "dagster:AssetExecutionContext.get_step_execution_context": "logs events for a step",
    "dagster:OpExecutionContext.get_step_execution_context": "logs events for a step",
    "dagster:DagsterInstance.all_logs": "reads the events of a run",
    "dagster:DagsterInstance.get_latest_storage_id_by_partition": "finds what a check has checked",
    "dagster_postgres:PostgresEventLogStorage.get_latest_tags_by_partition": "versions of inputs",
    "dagster_postgres:PostgresEventLogStorage.index_connection": "runs our statements",
    "dagster_postgres:PostgresEventLogStorage.index_transaction": "runs our statements",
    "dagster_postgres:PostgresEventLogStorage.optimize_for_webserver": "keeps connections open",
    "dagster_postgres:PostgresEventLogStorage.prepare_insert_event_batch": "stores many events",
    "dagster_postgres:PostgresEventLogStorage.store_asset_check_event": "stores a planned check",
    "dagster_postgres:PostgresEventLogStorage.store_asset_event": "stores an asset's last event",
    "dagster_postgres:PostgresEventLogStorage.store_event_batch": "stores the events of a batch",
}


class _Import(NamedTuple):
    file: Path
    line: int
    module: str
    names: tuple[str, ...]


def _is_private(module: str) -> bool:
    return any(part.startswith("_") for part in module.split(".")) and module.startswith("dagster")


def _private_imports(file: Path) -> Iterator[_Import]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if _is_private(alias.name):
                    yield _Import(file, node.lineno, alias.name, ())
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            module = node.module or ""
            if _is_private(module) or (module == "dagster" and any(map(_is_internal, names))):
                yield _Import(file, node.lineno, module, names)


def _comment_above(used: _Import) -> str:
    above = reversed(used.file.read_text().splitlines()[: used.line - 1])
    comment = list(takewhile(lambda line: line.startswith("# "), above))
    return " ".join(line.removeprefix("# ") for line in reversed(comment))


def _is_internal(name: str) -> bool:
    return name.startswith("_")


_USED = [
    pytest.param(used, name, id=name)
    for file in (_PRODUCT, _TESTS)
    for used in _private_imports(file)
    for name in used.names
]


@pytest.mark.parametrize(("used", "name"), _USED)
def test_a_private_name_is_where_it_was_and_says_why_it_is_used(used: _Import, name: str) -> None:
    reason = _comment_above(used)
    assert reason, f"Say above the import why {name} is used."
    if used.file == _PRODUCT:
        assert "Waits for:" in reason, f"Say above the import what would replace {name}."
    try:
        found = hasattr(importlib.import_module(used.module), name)
    except ImportError:
        found = False
    assert found, (
        f"Dagster {dagster.__version__} has no {used.module}.{name} any more. See why "
        f"{used.file.relative_to(_REPOSITORY)} uses it, and whether a public way exists by now."
    )


@pytest.mark.parametrize(("path", "why"), _METHODS.items(), ids=_METHODS)
def test_an_undocumented_method_is_where_it_was(path: str, why: str) -> None:
    module, _, name = path.partition(":")
    owner, _, method = name.partition(".")
    assert hasattr(getattr(importlib.import_module(module), owner), method), (
        f"Dagster {dagster.__version__} has no {name} any more; this project uses it: {why}."
    )


def test_the_storages_have_their_pool_where_it_was(instance: DagsterInstance) -> None:
    # imported here: if a name of the module has moved, only its own test and this one fail
    from loopctl_pipelines.orchestration.dagster_internals import engine_of  # noqa: PLC0415

    engines = [
        engine_of(storage)
        for storage in (
            instance.run_storage,
            instance.event_log_storage,
            instance.schedule_storage,
        )
    ]
    assert [engine.dialect.name for engine in engines] == ["postgresql"] * 3


def test_a_storage_that_has_its_pool_elsewhere_is_named() -> None:
    from loopctl_pipelines.orchestration.dagster_internals import engine_of  # noqa: PLC0415

    with pytest.raises(TypeError, match=r"^object no longer has its engine in _engine\.$"):
        engine_of(object())


@pytest.mark.parametrize("folder", ["loopctl_pipelines", "loopctl_pipelines_tests", "benchmarks"])
def test_nothing_else_imports_dagsters_private_api(folder: str) -> None:
    found = [
        f"{used.file.relative_to(_REPOSITORY)}:{used.line} imports {used.module}"
        for file in sorted((_REPOSITORY / folder).rglob("*.py"))
        if file not in {_PRODUCT, _TESTS}
        for used in _private_imports(file)
    ]
    assert not found


def test_nothing_else_reads_a_private_attribute_of_another_object() -> None:
    """Of the modules that face Dagster; `self`, `cls` and classes of this project are its own."""
    found = [
        f"{file.relative_to(_REPOSITORY)}:{node.lineno} reads {ast.unparse(node)}"
        for file in sorted((_REPOSITORY / "loopctl_pipelines").rglob("*.py"))
        if file != _PRODUCT and "dagster" in file.read_text()
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and node.attr != "_replace"
        and not (isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"})
    ]
    assert not found
