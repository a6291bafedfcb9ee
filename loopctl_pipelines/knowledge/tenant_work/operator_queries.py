"""What runs have finished, and whether tables have changed, across tenants. Ids and counts only."""

from collections.abc import Collection, Sequence
from uuid import UUID

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.llm.operation import Operation


def begin_run(
    database: Database, operation: Operation, run_id: str, skipped: Collection[UUID]
) -> None:
    """Record that a run begins, and has finished the tenants that it skips."""
    run = {"operation": operation.value, "run_id": run_id}
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, "begin_run"), run)
        finished = {**run, "tenant_ids": list(skipped)}
        connection.execute(statement(__package__, "finish_tenants"), finished)


def finish_tenant(database: Database, operation: Operation, run_id: str, tenant_id: UUID) -> None:
    """Record that a run has finished a tenant, although perhaps not all of its tenants."""
    finished = {"operation": operation.value, "run_id": run_id, "tenant_ids": [tenant_id]}
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, "finish_tenants"), finished)


def finished_tenants(
    database: Database, operation: Operation, run_ids: Collection[str]
) -> set[tuple[str, UUID]]:
    """Return (run id, tenant id) of finished tenants; forget the records of all other runs.

    Args:
        database: loopctl's database.
        operation: what the runs do.
        run_ids: the runs of this operation that have not ended.
    """
    parameters = {"operation": operation.value, "run_ids": list(run_ids)}
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, "forget_ended_runs"), parameters)
        rows = connection.execute(statement(__package__, "finished_tenants"), parameters)
        return set(rows.fetchall())


def changes_version(database: Database, tables: Sequence[str]) -> str | None:
    """Return a value that is constant while no row of these tables changes; None: unknown.

    PostgreSQL publishes its counters up to a minute after the commit. A change that was committed
    before the rows were read, but counted afterwards, shows as a further change.
    """
    with database.operator_transaction() as connection:
        version = connection.execute(
            statement(__package__, "changes_version"), {"tables": list(tables)}
        )
        row = version.fetchone()
    return row[0] if row else None
