"""Finds refused forms of SQL by PostgreSQL's own parser.

A sharded PostgreSQL (Citus) refuses them, or their result depends on a setting.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from pglast import ast, parse_sql

_PARAMETER = re.compile(r"%\(\w+\)[sbt]")
_MODIFYING: Final = (ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt)

# on every shard as a whole, or of one row per tenant: a join with them needs no tenant
_REFERENCE_TABLES: Final = {"tenants", "api_keys"}
_CLOCKS: Final = {"now", "statement_timestamp", "transaction_timestamp", "current_setting"}
_VOLATILE: Final = {"clock_timestamp", "gen_random_uuid", "random", "timeofday"}
_COMPARISONS: Final = {"=", "<>", "!=", "<", "<=", ">", ">=", "BETWEEN", "NOT BETWEEN"}
_DATES: Final = {"date", "timestamp", "timestamptz"}
_DATE_COLUMN: Final = re.compile(r"day|date|.*_(day|date|at|before|start|end)")
_JSON_BUILDERS: Final = re.compile(r"(to_jsonb?|row_to_json|jsonb?_(build|agg|object).*)")


@dataclass(frozen=True, slots=True)
class Rule:
    """A form that is refused.

    Attributes:
        refused: the form.
        accepted: what to write instead.
        found: yields an item for each place where a statement has the form.
    """

    refused: str
    accepted: str
    found: Callable[[ast.Node], Iterator[object]]

    def __str__(self) -> str:
        return f"{self.refused}: {self.accepted}"


def refused_forms(sql: str) -> list[Rule]:
    """Return the rules that a file of statements breaks; parameters are psycopg's, `%(name)s`."""
    numbered = iter(range(1, 10_000))
    readable = _PARAMETER.sub(lambda _: f"${next(numbered)}", sql).replace("%%", "%")
    statements = [raw.stmt for raw in parse_sql(readable) if raw.stmt is not None]
    return [rule for rule in RULES if any(any(rule.found(each)) for each in statements)]


def _nodes(root: object) -> Iterator[Any]:
    """Yield every node of a tree, the root first."""
    if isinstance(root, tuple):
        for item in root:
            yield from _nodes(item)
    elif isinstance(root, ast.Node):
        yield root
        for name in root:
            yield from _nodes(getattr(root, name))


def _of(root: object, *kinds: type[ast.Node]) -> Iterator[Any]:
    return (node for node in _nodes(root) if isinstance(node, kinds))


def _function(call: ast.FuncCall) -> str:
    name = (call.funcname or ())[-1]
    return name.sval or "" if isinstance(name, ast.String) else ""


def _calls(root: object, names: set[str]) -> Iterator[str]:
    return (_function(call) for call in _of(root, ast.FuncCall) if _function(call) in names)


def _constants(call: ast.FuncCall) -> list[str]:
    values = [arg.val for arg in call.args or () if isinstance(arg, ast.A_Const)]
    return [value.sval or "" for value in values if isinstance(value, ast.String)]


def _names_tenant(root: object) -> bool:
    return any(
        isinstance(part, ast.String) and part.sval == "tenant_id"
        for column in _of(root, ast.ColumnRef)
        for part in column.fields
    )


def _is_tenant_table(node: object, ctes: set[str]) -> bool:
    if not isinstance(node, ast.RangeVar) or node.relname is None:
        return False
    return not node.relname.startswith("pg_") and node.relname not in _REFERENCE_TABLES | ctes


def _insert_select(root: ast.Node) -> Iterator[object]:
    for insert in _of(root, ast.InsertStmt):
        selects = insert.selectStmt is not None and not insert.selectStmt.valuesLists
        if selects and insert.onConflictClause is None:
            yield insert


def _locking_cte(root: ast.Node) -> Iterator[object]:
    if not any(_of(root, *_MODIFYING)):
        return
    for cte in _of(root, ast.CommonTableExpr):
        yield from (select for select in _of(cte.ctequery, ast.SelectStmt) if select.lockingClause)


def _session_function(root: ast.Node) -> Iterator[object]:
    for call in _of(root, ast.FuncCall):
        if _function(call) == "set_config":
            settings = _constants(call)[:1]
            yield from (name for name in settings if name.startswith("app.") or name == "role")


def _generic_plan(root: ast.Node) -> Iterator[object]:
    for call in _of(root, ast.FuncCall):
        if _function(call) == "set_config" and "force_generic_plan" in _constants(call):
            yield call


def _conflict_filter(root: ast.Node) -> Iterator[object]:
    for insert in _of(root, ast.InsertStmt):
        if insert.onConflictClause is not None:
            yield from _calls(insert.onConflictClause.whereClause, _CLOCKS | _VOLATILE)


def _changing_parts(root: ast.Node) -> Iterator[object]:
    yield from _of(root, ast.UpdateStmt, ast.DeleteStmt)
    yield from (insert.onConflictClause for insert in _of(root, ast.InsertStmt))


def _clock_in_case(root: ast.Node) -> Iterator[object]:
    for part in _changing_parts(root):
        for choice in _of(part, ast.CaseExpr, ast.CoalesceExpr):
            yield from _calls(choice, _CLOCKS | _VOLATILE)


def _volatile_change(root: ast.Node) -> Iterator[object]:
    for part in _changing_parts(root):
        yield from _calls(part, _VOLATILE)


def _json_returning(root: ast.Node) -> Iterator[object]:
    for statement in _of(root, *_MODIFYING):
        for call in _of(statement.returningClause, ast.FuncCall):
            if _JSON_BUILDERS.fullmatch(_function(call)):
                yield call


def _merge_returning(root: ast.Node) -> Iterator[object]:
    return (merge for merge in _of(root, ast.MergeStmt) if merge.returningClause)


def _trigger(root: ast.Node) -> Iterator[object]:
    return _of(root, ast.CreateTrigStmt)


def _conflict_key(root: ast.Node) -> Iterator[object]:
    for insert in _of(root, ast.InsertStmt):
        conflict = insert.onConflictClause
        key = conflict.infer.indexElems if conflict is not None and conflict.infer else ()
        if insert.relation.relname not in _REFERENCE_TABLES and key and key[0].name != "tenant_id":
            yield insert


def _join_without_tenant(root: ast.Node) -> Iterator[object]:
    ctes = {cte.ctename for cte in _of(root, ast.CommonTableExpr)}
    for join in _of(root, ast.JoinExpr):
        if all(_is_tenant_table(side, ctes) for side in (join.larg, join.rarg)):
            yield from () if _names_tenant(join.quals) else (join,)
    for link in _of(root, ast.SubLink):
        select = link.subselect
        if link.subLinkType.name == "EXISTS_SUBLINK" and select.fromClause:
            tables = [each for each in select.fromClause if _is_tenant_table(each, ctes)]
            yield from () if not tables or _names_tenant(select.whereClause) else (link,)


def _type(cast: ast.TypeCast) -> str:
    names = cast.typeName.names if cast.typeName else None
    return str(names[-1].sval) if names else ""


def _is_date(node: object) -> bool:
    if isinstance(node, ast.TypeCast):
        return _type(node) in _DATES
    if isinstance(node, ast.ColumnRef):
        name = (node.fields or ())[-1]
        return isinstance(name, ast.String) and bool(_DATE_COLUMN.fullmatch(name.sval or ""))
    if isinstance(node, ast.FuncCall):
        return _function(node) in _CLOCKS | {"date_trunc"}
    return isinstance(node, ast.SQLValueFunction)


def _date_as_text(root: ast.Node) -> Iterator[object]:
    for compared in _of(root, ast.A_Expr):
        if compared.name[-1].sval in _COMPARISONS:
            for cast in _of((compared.lexpr, compared.rexpr), ast.TypeCast):
                if _type(cast) in {"text", "varchar"} and _is_date(cast.arg):
                    yield cast


RULES: Final = (
    Rule(
        "INSERT ... SELECT without ON CONFLICT becomes COPY, which row-level security refuses",
        "end it with ON CONFLICT DO NOTHING",
        _insert_select,
    ),
    Rule(
        "a CTE that locks rows is read by a modifying statement",
        "lock in a statement before, then write, in one transaction",
        _locking_cte,
    ),
    Rule(
        "set_config() of the tenant or the role does not reach the shards",
        "use SET LOCAL with a literal, as Database.tenant_transaction does",
        _session_function,
    ),
    Rule(
        "a generic plan of a distributed table cannot be made",
        "leave plan_cache_mode to costs.tenant_work.transactions",
        _generic_plan,
    ),
    Rule(
        "a function that is not immutable stands in ON CONFLICT ... WHERE",
        "insert with ON CONFLICT DO NOTHING, then UPDATE",
        _conflict_filter,
    ),
    Rule(
        "a function that is not immutable stands in CASE or COALESCE of a change",
        "write the cases as OR, or pass the value as a parameter",
        _clock_in_case,
    ),
    Rule(
        "a volatile function stands in UPDATE, DELETE or ON CONFLICT DO UPDATE",
        "use now(), or a parameter",
        _volatile_change,
    ),
    Rule(
        "JSON is built in RETURNING",
        "return the columns and build the JSON outside",
        _json_returning,
    ),
    Rule("MERGE has RETURNING", "use INSERT ... ON CONFLICT", _merge_returning),
    Rule("a trigger is created", "do its work in the statement that writes", _trigger),
    Rule(
        "an ON CONFLICT key does not begin with tenant_id",
        "put tenant_id first in the key and its index",
        _conflict_key,
    ),
    Rule(
        "a join, or an EXISTS, does not compare tenant_id",
        "compare tenant_id as well, so that it stays on one shard",
        _join_without_tenant,
    ),
    Rule(
        "a date is cast to text and compared, so DateStyle decides",
        "compare dates, or pass the text as a parameter",
        _date_as_text,
    ),
)
