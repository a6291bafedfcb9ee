"""The replaceable rollup: its protocol, its default, and the one that a setting names."""

from importlib import import_module
from typing import Protocol, runtime_checkable

from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.summaries.rollup import DaySummarized, roll_up
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.errors import SettingsError

_SETTING = "LOOPCTL_ROLLUP"


@runtime_checkable
class Rollup(Protocol):
    """Computes `cost_summaries`, for one tenant and a range of UTC days."""

    def roll_up(self, connection: TenantConnection, unit: TenantDays) -> list[DaySummarized]:
        """Bring the tenant's summaries of these days in line with its reports.

        It may be called again for the same days, by several threads and processes at once: compute
        the days anew, never increment. To be serialized with retention and other rollups, begin
        with `begin_writing_costs`, and leave the days before `archived_before` alone.

        Args:
            connection: in a transaction of the tenant, committed by the caller; row-level security
                shows the tenant's rows only.
            unit: the tenant, and its first and last day, both inclusive.

        Returns:
            What was done, one entry for each day of the unit.

        Raises:
            psycopg.Error: the caller rolls back, and halves the range to find a bad day.
        """
        ...


class SqlRollup:
    """The default rollup: one SQL statement for each tenant and range of days."""

    def roll_up(self, connection: TenantConnection, unit: TenantDays) -> list[DaySummarized]:
        """Run the statement; see `roll_up`."""
        return roll_up(connection, unit)


def load_rollup(reference: str | None) -> Rollup:
    """Return the rollup that LOOPCTL_ROLLUP names.

    Args:
        reference: `package.module:attribute`, a class without arguments or an instance; None: the
            default.

    Raises:
        SettingsError: if there is none.
    """
    if reference is None:
        return SqlRollup()
    module, _, attribute = reference.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        problem = SettingsError(_SETTING, f"cannot be imported: {error}")
    else:
        rollup = found() if isinstance(found, type) else found
        if isinstance(rollup, Rollup):
            return rollup
        problem = SettingsError(_SETTING, f"must name a rollup: {reference} has no roll_up method")
    raise problem
