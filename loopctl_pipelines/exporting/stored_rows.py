"""Reads the summaries of tenants, a month at a time."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.exporting.summary_row import Scope, SummaryRow
from loopctl_pipelines.tenants.tenant import Tenant

_DAYS_AT_ONCE: Final = 31


def summary_rows(
    database: Database,
    tenants: Iterable[Tenant],
    days: tuple[date, date],
    scopes: Sequence[Scope],
) -> Iterator[SummaryRow]:
    """Yield the rows of these tenants and UTC days, by tenant and then by day.

    Each month of a tenant is a transaction of its own: no transaction is open while a reader is
    slow to take the rows, and no more than a tenant's month is in memory.

    Args:
        database: loopctl's database.
        tenants: the tenants.
        days: the first and the last day, inclusive.
        scopes: the scopes, in the order of a day's rows.
    """
    first, last = days
    for tenant in tenants:
        for offset in range(0, (last - first).days + 1, _DAYS_AT_ONCE):
            start = first + timedelta(days=offset)
            end = min(start + timedelta(days=_DAYS_AT_ONCE), last + timedelta(days=1))
            yield from _rows(database, tenant, start, end, scopes)


def _rows(
    database: Database, tenant: Tenant, first: date, end: date, scopes: Sequence[Scope]
) -> list[SummaryRow]:
    parameters = {
        "tenant_id": tenant.id,
        "first": first,
        "end": end,
        "scopes": [str(scope) for scope in scopes],
    }
    with database.tenant_transaction(tenant.id) as connection:
        found = connection.execute(statement(__package__, "summary_rows"), parameters).fetchall()
    return [SummaryRow(tenant.slug, *row) for row in found]
