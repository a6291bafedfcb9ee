"""Budgets of the sample: after a month, one is exceeded, one about used up, one half used."""

from collections.abc import Sequence
from typing import Final

from loopctl_pipelines.demo.sample.organizations import Organization
from loopctl_pipelines.demo.sample.rows import BudgetRow
from loopctl_pipelines.demo.sample.seeds import row_id

# millicents for the first project of these tenants, and for each story of the first epic
_OF_PROJECT: Final = {"contoso": 30_000_000, "tailspin": 65_000_000, "northwind": 70_000_000}
_OF_STORY: Final = {"contoso": 150_000}


def budgets(seed: int, organizations: Sequence[Organization]) -> tuple[BudgetRow, ...]:
    """Return the budgets of the sample's tenants; they do not depend on the days."""
    return tuple(row for each in organizations for row in _of_organization(seed, each))


def _of_organization(seed: int, organization: Organization) -> list[BudgetRow]:
    slug = organization.profile.slug
    found = []
    if allowed := _OF_PROJECT.get(slug):
        found.append(("project", organization.projects[0].id, allowed))
    if allowed := _OF_STORY.get(slug):
        found += [("story", story.id, allowed) for story in organization.epics[0].stories]
    return [
        BudgetRow(
            id=row_id(seed, f"{slug}/budget/{number}"),
            tenant_id=organization.row.id,
            scope_type=scope_type,
            scope_id=scope_id,
            budget_millicents=allowed,
            inserted_at=organization.row.inserted_at,
        )
        for number, (scope_type, scope_id, allowed) in enumerate(found)
    ]
