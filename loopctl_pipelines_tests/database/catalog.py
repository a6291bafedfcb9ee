"""What PostgreSQL's catalog says about tables: as definitions to compare, or row by row."""

from psycopg import Connection, sql
from psycopg.rows import TupleRow

Rows = list[TupleRow]

_DEFINITIONS = {
    "columns": """
        SELECT
            relname, attnum, attname, format_type(atttypid, atttypmod), attnotnull, attgenerated,
            attidentity, attstorage, attcollation, pg_get_expr(adbin, adrelid)
        FROM wanted
        JOIN pg_attribute ON attrelid = wanted.oid AND attnum > 0 AND NOT attisdropped
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    """,
    "constraints": """
        SELECT relname, conname, contype, convalidated, pg_get_constraintdef(pg_constraint.oid)
        FROM wanted
        JOIN pg_constraint ON conrelid = wanted.oid
    """,
    "indexes": """
        SELECT relname, pg_get_indexdef(indexrelid), indisvalid
        FROM wanted
        JOIN pg_index ON indrelid = wanted.oid
    """,
    "policies": """
        SELECT
            relname, polname, polcmd, polpermissive, polroles,
            pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
        FROM wanted
        JOIN pg_policy ON polrelid = wanted.oid
    """,
    "row-level security": """
        SELECT relname, relkind, relrowsecurity, relforcerowsecurity, pg_get_partkeydef(oid)
        FROM wanted
    """,
    "triggers": """
        SELECT relname, pg_get_triggerdef(pg_trigger.oid), tgenabled
        FROM wanted
        JOIN pg_trigger ON tgrelid = wanted.oid AND NOT tgisinternal
    """,
    "privileges": """
        SELECT relname, grantee::regrole::text, privilege_type, is_grantable
        FROM wanted, aclexplode(relacl)
    """,
    "functions": """
        SELECT pg_get_functiondef(oid), proacl
        FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
          AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    """,
    "schema privileges": """
        SELECT grantee::oid::regrole::text, privilege_type
        FROM pg_namespace, aclexplode(nspacl)
        WHERE nspname = 'public'
    """,
}

_CATALOGS = (
    "pg_attrdef",
    "pg_attribute",
    "pg_class",
    "pg_constraint",
    "pg_default_acl",
    "pg_extension",
    "pg_index",
    "pg_inherits",
    "pg_namespace",
    "pg_policy",
    "pg_proc",
    "pg_rewrite",
    "pg_trigger",
    "pg_type",
)

# vacuum and analyze write these in place, whenever they like
_STATISTICS = [
    "relpages",
    "reltuples",
    "relallvisible",
    "relallfrozen",
    "relfrozenxid",
    "relminmxid",
]


def definitions(connection: Connection[TupleRow], tables: tuple[str, ...]) -> dict[str, Rows]:
    """Return all that defines `tables` in `public`, by kind, free of object ids."""
    wanted = sql.SQL(
        "WITH wanted AS (SELECT * FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relname = ANY({tables})) "
    ).format(tables=list(tables))
    return {
        kind: sorted(connection.execute(wanted + sql.SQL(query)).fetchall(), key=repr)
        for kind, query in _DEFINITIONS.items()
    }


def catalog_rows(connection: Connection[TupleRow]) -> set[TupleRow]:
    """Return every row of the catalog as text, with the transaction that wrote it."""
    rows: set[TupleRow] = set()
    for name in _CATALOGS:
        query = sql.SQL(
            "SELECT {label}, c.xmin::text, (to_jsonb(c) - {statistics}::text[])::text"
            " FROM {catalog} AS c"
        ).format(label=name, statistics=_STATISTICS, catalog=sql.Identifier(name))
        rows.update(connection.execute(query).fetchall())
    return rows


def relations(connection: Connection[TupleRow], schema: str) -> set[str]:
    """Return the names of all tables, indexes, views and sequences of `schema`."""
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s)", [schema]
    )
    return {name for (name,) in rows.fetchall()}
