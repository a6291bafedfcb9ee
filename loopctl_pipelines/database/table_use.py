"""The database objects that some work needs. Each domain lists its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableUse:
    """Tables, views and functions that the role of tenant transactions needs for some work.

    Attributes:
        read: tables of tenants that are only read.
        written: tables of tenants that are read and written.
        appended: tables that rows are only added to.
        unprotected: what is read and has no row-level security of its own: `tenants`, and views,
            whose tables have it.
        functions: signatures of functions that statements call.
        needs_vectors: whether the work needs pgvector.
    """

    read: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    appended: tuple[str, ...] = ()
    unprotected: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    needs_vectors: bool = False
