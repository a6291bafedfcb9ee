"""The tenants of the sample and what they own, independent of any day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import ceil
from statistics import NormalDist
from typing import Final

import numpy as np

from loopctl_pipelines.demo.sample.fitted import MODEL_RUNS
from loopctl_pipelines.demo.sample.rows import (
    AgentRow,
    EpicRow,
    ProjectRow,
    StoryRow,
    TenantRow,
)
from loopctl_pipelines.demo.sample.seeds import ENTITIES, row_id, stream

_FOUNDED: Final = datetime(2025, 11, 3, 9)  # noqa: DTZ001 - loopctl's timestamps are naive UTC
_STORIES_PER_EPIC: Final = 24
_EPICS_PER_BUSY_EPIC: Final = 1.5
_MODELS_PER_TENANT: Final = 5

_PROJECTS: Final = ("Web shop", "Billing", "Mobile app", "Data platform")
_EPICS: Final = (
    *("Sign-in", "Invoices", "Search", "Notifications", "Exports", "Permissions"),
    *("Onboarding", "Payments", "Reporting", "Webhooks", "Audit trail", "Imports"),
)
_VERBS: Final = ("Add", "Repair", "Speed up", "Test", "Document", "Simplify", "Secure", "Migrate")
_OBJECTS: Final = ("the list view", "error handling", "the background job", "retry behaviour")
_AGENT_TYPES: Final = ("implementer", "implementer", "reviewer", "planner")


@dataclass(frozen=True, slots=True)
class Profile:
    """A tenant's size: the number of epics that it works on at a time, on a weekday."""

    slug: str
    name: str
    busy_epics: float
    status: str = "active"


PROFILES: Final = (
    Profile("northwind", "Northwind Traders", 9.8),
    Profile("contoso", "Contoso", 7.3),
    Profile("fabrikam", "Fabrikam", 5.4),
    Profile("tailspin", "Tailspin Toys", 4.0),
    Profile("litware", "Litware", 3.0),
    Profile("proseware", "Proseware", 2.2),
    Profile("adatum", "Adatum", 1.6),
    Profile("wingtip", "Wingtip", 1.2),
    Profile("lucerne", "Lucerne Publishing", 0.9),
    Profile("margie", "Margie's Travel", 0.6),
    Profile("blueyonder", "Blue Yonder", 0.8, "suspended"),
    Profile("treyresearch", "Trey Research", 0.0, "pending_enrollment"),
)


@dataclass(frozen=True, slots=True)
class EpicPlan:
    """An epic with its stories, its leading model, and how dear it is among that model's epics.

    Attributes:
        dearness: deviations from the mean logarithm of a story's cost, the same on every day.
    """

    row: EpicRow
    stories: tuple[StoryRow, ...]
    lead_model: str
    dearness: float


@dataclass(frozen=True, slots=True)
class Organization:
    """A tenant with everything that it owns.

    Attributes:
        place: its place among the tenants, part of the path of its random streams.
        models: names of the models that its agents use.
    """

    place: int
    profile: Profile
    row: TenantRow
    models: tuple[str, ...]
    agents: tuple[AgentRow, ...]
    projects: tuple[ProjectRow, ...]
    epics: tuple[EpicPlan, ...]


@lru_cache(maxsize=4)
def organizations(seed: int) -> tuple[Organization, ...]:
    """Return the tenants of the sample, the biggest first, inactive ones last."""
    return tuple(_organization(seed, place, profile) for place, profile in enumerate(PROFILES))


def _organization(seed: int, place: int, profile: Profile) -> Organization:
    random = stream(seed, ENTITIES, place=place)
    tenant = TenantRow(
        id=row_id(seed, profile.slug),
        slug=profile.slug,
        name=profile.name,
        status=profile.status,
        email=f"operations@{profile.slug}.example",
        inserted_at=_FOUNDED,
    )
    models = _models(random)
    # one that has not enrolled yet owns nothing
    owns = profile.status != "pending_enrollment"
    agents = _agents(seed, tenant, 3 + ceil(profile.busy_epics)) if owns else ()
    projects = _projects(seed, tenant, min(4, 2 + int(profile.busy_epics / 3))) if owns else ()
    count = max(4, ceil(profile.busy_epics * _EPICS_PER_BUSY_EPIC)) if owns else 0
    # evenly spread over the distribution: few epics would otherwise hit its middle by luck only
    dearness = [NormalDist().inv_cdf((rank + 0.5) / count) for rank in range(count)]
    epics = tuple(
        EpicPlan(
            row=row,
            stories=_stories(seed, row, agents, random),
            lead_model=models[int(random.integers(len(models)))],
            dearness=dearness[int(rank)],
        )
        for row, rank in zip(_epics(seed, projects, count), random.permutation(count), strict=True)
    )
    return Organization(place, profile, tenant, models, agents, projects, epics)


def _agents(seed: int, tenant: TenantRow, count: int) -> tuple[AgentRow, ...]:
    kinds = [_AGENT_TYPES[index % len(_AGENT_TYPES)] for index in range(count)]
    names = [f"{kind}-{index + 1}" for index, kind in enumerate(kinds)]
    return tuple(
        AgentRow(row_id(seed, f"{tenant.slug}/agent/{name}"), tenant.id, name, kind, _FOUNDED)
        for name, kind in zip(names, kinds, strict=True)
    )


def _projects(seed: int, tenant: TenantRow, count: int) -> tuple[ProjectRow, ...]:
    slugs = {name: name.lower().replace(" ", "-") for name in _PROJECTS[:count]}
    return tuple(
        ProjectRow(row_id(seed, f"{tenant.slug}/project/{slug}"), tenant.id, name, slug, _FOUNDED)
        for name, slug in slugs.items()
    )


def _epics(seed: int, projects: tuple[ProjectRow, ...], count: int) -> Iterator[EpicRow]:
    for index in range(count):
        project = projects[index % len(projects)]
        yield EpicRow(
            id=row_id(seed, f"{project.id}/epic/{index + 1}"),
            tenant_id=project.tenant_id,
            project_id=project.id,
            number=index + 1,
            title=_EPICS[index % len(_EPICS)] + " again" * (index // len(_EPICS)),
            inserted_at=_FOUNDED,
        )


def _stories(
    seed: int, epic: EpicRow, agents: tuple[AgentRow, ...], random: np.random.Generator
) -> tuple[StoryRow, ...]:
    return tuple(
        StoryRow(
            id=row_id(seed, f"{epic.id}/story/{place + 1}"),
            tenant_id=epic.tenant_id,
            project_id=epic.project_id,
            epic_id=epic.id,
            number=f"{epic.number}.{place + 1}",
            title=f"{_VERBS[place % len(_VERBS)]} {_OBJECTS[place // len(_VERBS)]}",
            assigned_agent_id=agents[int(random.integers(len(agents)))].id,
            sort_key=place + 1,
            inserted_at=_FOUNDED,
        )
        for place in range(_STORIES_PER_EPIC)
    )


def _models(random: np.random.Generator) -> tuple[str, ...]:
    share = np.array(list(MODEL_RUNS.values())) / sum(MODEL_RUNS.values())
    chosen = random.choice(list(MODEL_RUNS), _MODELS_PER_TENANT, replace=False, p=share)
    return tuple(str(name) for name in chosen)
