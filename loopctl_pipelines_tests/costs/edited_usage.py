"""Writes generated usage and changes it later, both in the database and in Python."""

from dataclasses import dataclass, replace
from uuid import UUID

from hypothesis import strategies as st

from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.generated_usage import EPICS, FIRST, LAST, SLUGS, amounts
from loopctl_pipelines_tests.costs.runs import unit
from loopctl_pipelines_tests.usage import LONG_AGO, Usage, id_of


@dataclass(frozen=True)
class Edit:
    """A change after the fact: `delete` and `correct` a report, `move` its story to an epic."""

    kind: str
    which: int
    epic: str
    cost: int


edit = st.builds(
    Edit,
    kind=st.sampled_from(("delete", "correct", "move")),
    which=st.integers(0, 60),
    epic=st.sampled_from(EPICS),
    cost=amounts,
)
edits = st.lists(edit, max_size=6)


def units() -> list[TenantDays]:
    """Return all tenants over all days."""
    return [unit(slug, FIRST, LAST) for slug in SLUGS]


def start_anew(database: Database, usage: Usage) -> None:
    """Replace all usage in the database with this."""
    with database.operator_transaction() as connection:
        connection.execute("DELETE FROM tenants")
        connection.execute(
            "TRUNCATE loopctl_pipelines.archived_days, loopctl_pipelines.unaudited_retention"
        )
    usage.write(database)


def apply(database: Database, usage: Usage, changes: list[Edit]) -> None:
    """Make the changes in the database and in `usage`."""
    for change in changes if usage.reports else ():
        which = change.which % len(usage.reports)
        if change.kind == "delete":
            usage.reports[which] = replace(usage.reports[which], deleted_at=LONG_AGO)
        elif change.kind == "correct":
            original = usage.reports[which]
            correction = id_of("correction", str(len(usage.reports)))
            usage.reports.append(
                replace(
                    original,
                    id=correction,
                    cost_millicents=change.cost,
                    deleted_at=None,
                    corrects_report_id=original.id,
                )
            )
        else:
            _move(usage, usage.reports[which].story_id, change.epic)
    usage.write(database)
    _bring_in_line(database, usage)


def _move(usage: Usage, story: UUID, epic: str) -> None:
    row = usage.stories[story]
    slug = next(slug for slug in SLUGS if id_of(slug) == row.tenant_id)
    usage.stories[story] = replace(row, epic_id=id_of(slug, "epic", epic))


def _bring_in_line(database: Database, usage: Usage) -> None:
    deleted = [row.id for row in usage.reports if row.deleted_at]
    with database.operator_transaction() as connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE token_usage_reports SET deleted_at = inserted_at"
            " WHERE id = ANY(%s) AND deleted_at IS NULL",
            [deleted],
        )
        cursor.executemany(
            "UPDATE stories SET epic_id = %s WHERE id = %s",
            [(row.epic_id, row.id) for row in usage.stories.values()],
        )
