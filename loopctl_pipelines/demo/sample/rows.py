"""Rows of the sample, named as in loopctl's tables. Ids are uuid5, timestamps naive UTC."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

AnomalyType = Literal["high_cost", "suspiciously_low"]


@dataclass(frozen=True, slots=True)
class TenantRow:
    """A row of tenants."""

    id: UUID
    slug: str
    name: str
    status: str
    email: str
    inserted_at: datetime


@dataclass(frozen=True, slots=True)
class AgentRow:
    """A row of agents."""

    id: UUID
    tenant_id: UUID
    name: str
    agent_type: str
    inserted_at: datetime


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """A row of projects."""

    id: UUID
    tenant_id: UUID
    name: str
    slug: str
    inserted_at: datetime


@dataclass(frozen=True, slots=True)
class EpicRow:
    """A row of epics."""

    id: UUID
    tenant_id: UUID
    project_id: UUID
    number: int
    title: str
    inserted_at: datetime


@dataclass(frozen=True, slots=True)
class StoryRow:
    """A row of stories; `number` is the epic's number, a dot, and the place in the epic."""

    id: UUID
    tenant_id: UUID
    project_id: UUID
    epic_id: UUID
    number: str
    title: str
    assigned_agent_id: UUID
    sort_key: int
    inserted_at: datetime


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """A row of token_budgets, with a limit of cost only."""

    id: UUID
    tenant_id: UUID
    scope_type: str
    scope_id: UUID
    budget_millicents: int
    inserted_at: datetime


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A row of token_usage_reports: what an agent used for a story in a few calls of a model.

    Attributes:
        cost_millicents: 1/1000 cent; below 0 in a correction, as are its tokens.
        tool_call_count: model calls that the report covers.
        inserted_at: naive UTC; its day is the one the report counts for.
        deleted_at: naive UTC of the soft delete.
        corrects_report_id: the report that this one corrects.
    """

    id: UUID
    tenant_id: UUID
    story_id: UUID
    agent_id: UUID
    project_id: UUID
    input_tokens: int
    output_tokens: int
    model_name: str
    cost_millicents: int
    phase: str
    tool_call_count: int
    inserted_at: datetime
    deleted_at: datetime | None = None
    corrects_report_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PlantedAnomaly:
    """A story made so expensive or so cheap on a UTC day that the anomaly rule finds it."""

    tenant_slug: str
    day: date
    story_id: UUID
    anomaly_type: AnomalyType


@dataclass(frozen=True, slots=True)
class Sample:
    """Everything that `fill` writes, and what detection should find in it."""

    tenants: tuple[TenantRow, ...]
    agents: tuple[AgentRow, ...]
    projects: tuple[ProjectRow, ...]
    epics: tuple[EpicRow, ...]
    stories: tuple[StoryRow, ...]
    reports: tuple[ReportRow, ...]
    planted: tuple[PlantedAnomaly, ...]
    budgets: tuple[BudgetRow, ...] = ()
